//! Where documents lie, as the configuration says.

use std::sync::Arc;

use bailiwick_domain::clock::Clock;
use bailiwick_ops::documents::Cabinet;

use crate::{config::Settings, exit::Refusal};

/// The place of documents: their folder, and the object store where one is configured.
pub(crate) fn cabinet(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Cabinet, Refusal> {
    let beside = || settings.audit.checkpoints.with_file_name("documents");
    let documents = &settings.documents;
    let folder = documents.folder.clone().unwrap_or_else(beside);
    let cabinet = Cabinet::new(folder, documents.largest, documents.retention);
    match &documents.objects {
        None => Ok(cabinet),
        Some(objects) => self::objects(cabinet, objects, clock),
    }
}

#[cfg(not(feature = "objects"))]
fn objects(_: Cabinet, _: &crate::config::DocumentObjects, _: &Arc<dyn Clock>) -> Result<Cabinet, Refusal> {
    Err(Refusal::new(
        "documents in an object store are configured, and this program was built without object stores",
        "build it with the feature `objects`, or take `documents.bucket` and `documents.url` out",
    ))
}

#[cfg(feature = "objects")]
fn objects(
    cabinet: Cabinet,
    objects: &crate::config::DocumentObjects,
    clock: &Arc<dyn Clock>,
) -> Result<Cabinet, Refusal> {
    use bailiwick_objects::{Bucket, Cloud, Options};

    use super::archive::pairs;
    use crate::{config::DocumentObjects, documents::Store};

    let store = match objects {
        DocumentObjects::Bucket { name, prefix, region, endpoint, key, secret_file } => {
            let remedy = "let `documents.secret_file` name the file with the secret of the access key";
            let secret = std::fs::read_to_string(secret_file)
                .map_err(|error| Refusal::new(format_args!("{}: {error}", secret_file.display()), remedy))?;
            let options = Options {
                bucket: name.clone(),
                prefix: prefix.clone(),
                region: region.clone(),
                endpoint: endpoint.clone(),
                key: key.clone(),
                secret: secret.trim_end_matches(['\r', '\n']).to_owned(),
                lock: None,
            };
            Store::Bucket(Bucket::new(options, Arc::clone(clock)))
        }
        DocumentObjects::Cloud { address, options_file } => {
            let remedy = "let `documents.url` name a container, and `documents.options_file` a file of lines name=value";
            let options = match options_file {
                Some(file) => pairs(file, remedy)?,
                None => Vec::new(),
            };
            let cloud = Cloud::new(address, options);
            Store::Cloud(cloud.map_err(|error| Refusal::new(format_args!("the documents: {error}"), remedy))?)
        }
    };
    Ok(cabinet.with_objects(Arc::new(store)))
}
