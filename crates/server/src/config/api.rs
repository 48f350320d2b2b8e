//! The section `[api]`.

use bailiwick_web::rates::{Measures, RateLimits};

use super::{Config, Problem, keys::*, settings::value};

/// What the configuration says.
pub(super) fn limits(config: &Config) -> Result<RateLimits, Problem> {
    Ok(RateLimits {
        requests: Measures {
            address: value(config, &API_PER_ADDRESS)?.0,
            caller: value(config, &API_PER_CALLER)?.0,
            tenant: value(config, &API_PER_TENANT)?.0,
        },
        product: Measures {
            address: value(config, &API_PRODUCT_PER_ADDRESS)?.0,
            caller: value(config, &API_PRODUCT_PER_CALLER)?.0,
            tenant: value(config, &API_PRODUCT_PER_TENANT)?.0,
        },
    })
}
