//! Keys that everybody may know.

use bailiwick_proof::checkpoint::NoteSigner;
use bailiwick_vault::{provider::FileProvider, signer::Signer};

/// Signs checkpoints with a key of the test's own.
#[derive(Debug)]
pub struct TestSigner(Signer);

impl TestSigner {
    /// A key from the seeded stream `seed`; equal seeds give equal keys.
    pub async fn generate(provider: &FileProvider, seed: u64) -> Self {
        let entropy = bailiwick_vault::entropy::SeededEntropy::new(seed);
        let (signer, _) =
            Signer::generate("bailiwick-test", provider, &entropy).await.expect("a signing key");
        Self(signer)
    }
}

impl NoteSigner for TestSigner {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn public_key(&self) -> [u8; 32] {
        *self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).expect("a signature")
    }
}
