//! Pages and JSON API: routes, access, errors, templates and assets.
