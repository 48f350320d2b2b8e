//! Programs that must not compile: each would serve a handler that nobody guards.

#[test]
fn no_route_gets_round_its_access_rule() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
