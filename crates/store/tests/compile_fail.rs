//! The store's walls: programs that the compiler must refuse, each with the words in which it does.

#[test]
fn wrong_programs_are_refused() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
