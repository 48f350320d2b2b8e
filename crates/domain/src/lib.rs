//! Pure types and rules of Bailiwick: ids, permissions, access rules, differences, posture.
