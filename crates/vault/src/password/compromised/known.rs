//! The lists in the program, for installations that bring none.

use zeroize::Zeroizing;

use super::ranked::is_ranked;

/// Whether everybody who guesses passwords begins with this one, however it is capitalised or spaced.
pub(in crate::password) fn is_well_known(password: &str) -> bool {
    let letters = password.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase);
    let plain: Zeroizing<String> = Zeroizing::new(letters.take(LONGEST + 1).collect());
    KNOWN.binary_search(&plain.as_str()).is_ok() || is_ranked(&plain)
}

/// Characters of the longest of them; what was longer in a ranking was left out there, too.
const LONGEST: usize = 35;

/// Passwords of twelve and more characters, in lower case and without blanks, sorted. They are public facts: texts of the
/// kinds that every published ranking of leaked passwords is full of (rows of keys and digits, the word itself, names, clubs
/// and songs with a number behind, the best-known sentences). What is shorter is refused for its length.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "!qaz2wsx#edc", "!qaz@wsx#edc", "000000000000", "0000000000000", "0123456789012", "01234567890123",
    "098765432100", "0987654321098", "111111111111", "1111111111111", "111222333444", "112233445566",
    "11223344556677", "1122334455667788", "121212121212", "123123123123", "123123123123123", "123456123456",
    "123456654321", "123456789012", "1234567890123", "12345678901234", "123456789012345",
    "1234567890123456", "12345678901234567890", "123456789123", "1234567891234", "12345678912345",
    "123456789123456789", "12345678qwerty", "1234567qwerty", "123456qwerty", "12345qwertasdfg",
    "1234qwerasdf", "1234qwerasdfzxcv", "123654789123", "123qwe123qwe", "123qweasd456", "123qweasdzxc",
    "135792468013", "147258369147", "147258369258", "159357159357", "1a2b3c4d5e6f", "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u", "1q2w3e4r5t6y7u8i", "1q2w3e4r5t6y7u8i9o", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv", "1qaz2wsx3edc4rfv5tgb", "1qaz@wsx3edc", "1qazxsw23edc", "1qazxsw23edcvfr4",
    "1qw23er45ty6", "1w2q3r4e5t6y", "222222222222", "314159265358", "3141592653589", "333333333333",
    "444444444444", "555555555555", "666666666666", "741852963741", "777777777777", "789456123000",
    "789456123789", "888888888888", "987654321012", "9876543210987", "999999999999", "a123456789012",
    "a1234567890b", "a1b2c3d4e5f6", "a1b2c3d4e5f6g7", "aa1234567890", "aaaaaaaaaaaa", "aaaaaaaaaaaaa",
    "aabbccddeeff", "abc123456789", "abc1234567890", "abc123abc123", "abcd12345678", "abcd1234abcd",
    "abcd1234efgh", "abcdefg12345", "abcdefg123456", "abcdefgh1234", "abcdefgh12345678", "abcdefghijkl",
    "abcdefghijklm", "abcdefghijklmn", "abcdefghijklmnop", "abcdefghijklmnopqrstuvwxyz", "accessdenied",
    "adgjmptw0123", "admin1234567", "admin12345678", "admin123456789", "admin1234admin", "admin123admin",
    "adminadminadmin", "administrador", "administrator", "administrator1", "administrator123",
    "alexander123", "alexander1234", "alexandra123", "alexandria12", "andrew123456", "anthony12345",
    "antidisestablishmentarianism", "arsenal12345", "arsenal123456", "asd123asd123", "asdf1234asdf",
    "asdfasdfasdf", "asdfgh123456", "asdfghjkl123", "asdfghjkl1234", "asdfghjklqwertyuiop",
    "asdfghjklzxcvbnm", "asdfqwerzxcv", "australia123", "australia1234", "azertyuiop12", "azertyuiop123",
    "azertyuiopqsdfghjklm", "babygirl1234", "babygirl12345", "babygirl2000", "barcelona123",
    "barcelona1234", "baseball1234", "basketball12", "basketball123", "batman123456", "beautiful123",
    "beautiful1234", "blueberry123", "buttercup123", "butterfly123", "butterfly1234", "california12",
    "california123", "changeitnow1", "changeme1234", "changeme12345", "changeme123456", "changemenow1",
    "changepassword", "charlie12345", "charlie123456", "cheerleader1", "cheerleader12", "cheesecake12",
    "chelsea12345", "chelseafc123", "chocolate123", "chocolate1234", "christian123", "christina123",
    "christopher1", "christopher12", "christopher123", "computer1234", "computer12345", "contrasena123",
    "cookiemonster", "cookiemonster1", "correcthorsebatterystaple", "correcthorsebatterystaple1",
    "cowboys12345", "cristianoronaldo", "daniel123456", "default12345", "defaultpassword", "demopassword",
    "dontforgetme", "dragon123456", "dragon1234567", "elizabeth123", "elizabeth1234", "facebook1234",
    "facebook12345", "ferrari12345", "football1234", "football12345", "forever12345", "foreverlove1",
    "foreveryoung", "freedom12345", "ginger123456", "godisgood123", "godislove123", "google123456",
    "gorgeous1234", "guestguest12", "gymnastics12", "hakunamatata", "hakunamatata1", "harleydavidson",
    "harrypotter1", "harrypotter12", "harrypotter123", "hastalavista", "hellokitty12", "hellokitty123",
    "hollywood123", "hotmail12345", "iamthebest123", "iamyourfather", "idontcare123", "idontknow123",
    "iforgotmypassword", "ihatepasswords", "ilovejesus12", "ilovejesus123", "iloveme12345", "ilovemydog123",
    "ilovemyfamily", "ilovemykids1", "ilovemymother", "ilovemyself1", "ilovemyself123", "ilovemywife1",
    "iloveyou1234", "iloveyou12345", "iloveyou123456", "iloveyou1314", "iloveyou2much", "iloveyoubaby",
    "iloveyouforever", "iloveyouiloveyou", "iloveyousomuch", "internet1234", "jennifer1234", "jessica12345",
    "jesuschrist1", "jesuschrist123", "jesusislord1", "jesuslovesme", "jesuslovesyou", "jonathan1234",
    "jordan123456", "joshua123456", "juventus1234", "juventus1897", "lamborghini1", "lamborghini123",
    "letmein12345", "letmein123456", "letmein2024!", "letmeinletmein", "letmeinplease", "linkedin1234",
    "liverpool123", "liverpool1234", "liverpoolfc1", "liverpoolfc123", "loremipsumdolor", "lovelovelove",
    "loveyouforever", "manchester123", "manchesterunited", "manchesterutd", "manutd123456", "master123456",
    "masterpassword", "matthew12345", "maytheforcebewithyou", "mercedesbenz", "michael12345",
    "michael123456", "michelle1234", "mickeymouse1", "mickeymouse12", "microsoft123", "middlesbrough",
    "mnbvcxzlkjhgfdsapoiuytrewq", "monkey123456", "monkey1234567", "motdepasse123", "mypassword123",
    "mypassword1234", "newcastle123", "newpassword1", "newpassword123", "newpassword1234", "newyork12345",
    "newyorkcity1", "nopassword123", "onceuponatime", "opensesame123", "openthedoor1", "p4ssw0rd1234",
    "p@$$w0rd1234", "p@ssw0rd1234", "p@ssw0rd12345", "p@ssword1234", "p@ssword12345", "pa$$word1234",
    "pa55word1234", "passw0rd1234", "passw0rd12345", "password!234", "password#123", "password1234",
    "password12345", "password123456", "password1234567", "password12345678", "password123456789",
    "password123password", "password2020", "password2021", "password2022", "password2023", "password2024",
    "password2025", "password2026", "password@123", "password@1234", "passwordispassword",
    "passwordpassword", "passwort1234", "passwort12345", "peanutbutter", "peanutbutter1", "philippines1",
    "philippines123", "poiuytrewq123", "pokemon12345", "pokemon123456", "princess1234", "princess12345",
    "q1w2e3r4t5y6", "q1w2e3r4t5y6u7", "q1w2e3r4t5y6u7i8", "qazwsxedc123", "qazwsxedcrfv", "qazwsxedcrfvtgb",
    "qwe123qwe123", "qweasdzxc123", "qweasdzxcrty", "qwerasdfzxcv", "qwerty123456", "qwerty1234567",
    "qwerty12345678", "qwerty123456789", "qwerty1234567890", "qwerty123qwerty", "qwertyasdfgh",
    "qwertyasdfzxcv", "qwertyqwerty", "qwertyuiop12", "qwertyuiop123", "qwertyuiop1234", "qwertyuiop[]",
    "qwertyuiop[]\\\\", "qwertyuiopas", "qwertyuiopasdfghjkl", "qwertyuiopasdfghjklzxcvbnm", "realmadrid12",
    "realmadrid123", "realmadrid1234", "rockstar1234", "ronaldo12345", "rootroot1234", "rootrootroot",
    "samsung12345", "samsung123456", "scoobydoo123", "secret123456", "secretpassword", "shadow123456",
    "skateboard123", "skateboarding", "southampton1", "spiderman123", "spiderman1234", "spongebob123",
    "spongebob1234", "startrek1234", "starwars1234", "starwars12345", "steelers1234", "steelers12345",
    "stephanie123", "strawberry12", "strawberry123", "summer2023!!", "sunshine1234", "sunshine12345",
    "superadmin123", "supercalifragilisticexpialidocious", "superman1234", "superman12345", "supersecret1",
    "supersecret123", "superuser123", "sweetheart12", "sweetheart123", "sysadmin1234", "temporarypassword",
    "temppassword", "test12345678", "test123456789", "test1234test", "testpassword", "testpassword1",
    "testtesttest", "thequickbrownfox", "thequickbrownfoxjumpsoverthelazydog", "thisisapassword",
    "thisismypassword", "thomas123456", "tigger123456", "tinkerbell12", "tinkerbell123", "tobeornottobe",
    "tobeornottobethatisthequestion", "toortoortoor", "topsecret123", "tottenham123", "trustno1trustno1",
    "unbelievable", "user12345678", "userpassword", "valarmorghulis", "volleyball12", "volleyball123",
    "wachtwoord123", "washington12", "watermelon12", "watermelon123", "welcome12345", "welcome123456",
    "welcome2023!", "welcome2024!", "welcome2025!", "welcome@1234", "welcometohell", "whatever1234",
    "whatismypassword", "windows12345", "winniethepooh", "winter2023!!", "winteriscoming", "yankees12345",
    "yourpassword", "youtube12345", "zaq12wsxcde3", "zaq1xsw2cde3", "zaq1zaq1zaq1", "zxcvbnm12345",
    "zxcvbnm123456", "zxcvbnm1234567", "zxcvbnmasdfghjkl", "zxcvbnmasdfghjklqwertyuiop", "zxcvzxcvzxcv",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_searched_and_says_nothing_twice() {
        assert!(KNOWN.is_sorted_by(|a, b| a < b));
        assert!(KNOWN.len() > 400);
        for known in KNOWN {
            let length = known.chars().count();
            assert!((crate::password::SHORTEST..=LONGEST).contains(&length), "{known}");
            assert!(is_well_known(known), "{known}");
        }
        assert!(KNOWN.iter().any(|known| known.chars().count() == LONGEST));
    }

    #[test]
    fn capitals_and_blanks_hide_nothing() {
        for known in [
            "Correct Horse Battery Staple",
            "PASSWORD1234",
            "1Q2W3E4R5T6Y",
            " I love you so much ",
            "Cookie Monster",
        ] {
            assert!(is_well_known(known), "{known}");
        }
        for other in ["", "correct horse battery", "correct horse battery staples", "seven quiet lanterns"] {
            assert!(!is_well_known(other), "{other}");
        }
        assert!(!is_well_known(&"password1234".repeat(1_000)));
    }
}
