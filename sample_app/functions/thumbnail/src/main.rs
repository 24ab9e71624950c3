//! Makes a thumbnail of each photo that arrives in the bucket and enters it into the index.
//!
//! A photo that cannot be used is an error of its invocation: Lambda hands the event to the on-failure queue. Doing an
//! event again is harmless, which S3 ("at least once") demands: the same photo gives the same thumbnail and the same item.

use std::collections::HashMap;
use std::env;

use anyhow::{Context, Result, ensure};
use aws_config::BehaviorVersion;
use aws_lambda_events::s3::{S3Event, S3EventRecord};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn, tracing};
use photos::{Thumbnail, keys, shrink};

const DEFAULT_MAX_EDGE: u32 = 256;

/// A larger file is refused before it is read: with its pixels it would not fit the function's memory.
const MAX_PHOTO_BYTES: i64 = 64 << 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    // Everything here happens once, in the init phase, which Lambda gives more CPU than the invocations.
    let app = App::from_environment().await?;
    run(service_fn(|event| app.handle(event))).await
}

struct App {
    s3: aws_sdk_s3::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    bucket: String,
    table: String,
    originals: String,
    thumbnails: String,
    max_edge: u32,
}

impl App {
    async fn from_environment() -> Result<Self> {
        let max_edge = match env::var("MAX_EDGE") {
            Ok(pixels) => pixels.parse().ok().filter(|pixels| *pixels > 0),
            Err(_) => Some(DEFAULT_MAX_EDGE),
        };
        let max_edge = max_edge.context("MAX_EDGE is not a number of pixels")?;

        let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(https).load().await;
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            // Somebody's own endpoint (AWS_ENDPOINT_URL) seldom has a host name for each bucket; AWS always has.
            .force_path_style(config.endpoint_url().is_some())
            .build();
        Ok(Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            bucket: required("BUCKET_NAME")?,
            table: required("TABLE_NAME")?,
            originals: required("ORIGINALS_PREFIX")?,
            thumbnails: required("THUMBNAILS_PREFIX")?,
            max_edge,
        })
    }

    /// Does every record, also those after one that failed, and answers with the keys of the thumbnails.
    async fn handle(&self, event: LambdaEvent<S3Event>) -> Result<Vec<String>, Diagnostic> {
        let (mut thumbnails, mut failures) = (Vec::new(), Vec::new());
        for record in &event.payload.records {
            match self.process(record).await {
                Ok(Some(thumbnail)) => thumbnails.push(thumbnail),
                Ok(None) => {}
                Err(error) => failures.push(format!("{error:#}")),
            }
        }
        if failures.is_empty() {
            return Ok(thumbnails);
        }
        // The runtime logs it.
        Err(Diagnostic { error_type: "NoThumbnail".into(), error_message: failures.join("; ") })
    }

    async fn process(&self, record: &S3EventRecord) -> Result<Option<String>> {
        let bucket = record.s3.bucket.name.as_deref().context("the event names no bucket")?;
        ensure!(bucket == self.bucket, "the event is from the bucket `{bucket}`, not `{}`", self.bucket);
        let key = keys::decode(record.s3.object.key.as_deref().context("the event names no key")?)?;
        if keys::is_folder(&key) {
            tracing::info!(key, "a folder, nothing to do");
            return Ok(None);
        }
        let name = keys::of_thumbnail(&key, &self.originals, &self.thumbnails)?;
        let photo = self.read(&key).await.with_context(|| format!("cannot read `{key}`"))?;
        let thumbnail = shrink(&photo, self.max_edge).with_context(|| format!("no thumbnail of `{key}`"))?;

        let ((width, height), bytes) = (thumbnail.size, thumbnail.jpeg.len());
        let item = item(&key, photo.len(), &name, &thumbnail);
        self.write(&name, thumbnail.jpeg).await.with_context(|| format!("cannot write `{name}`"))?;
        // The index comes last, so it never names a thumbnail that is not there.
        self.enter(item).await.with_context(|| format!("cannot enter `{key}` into `{}`", self.table))?;
        tracing::info!(key, thumbnail = name, width, height, bytes, "thumbnail made");
        Ok(Some(name))
    }

    async fn read(&self, key: &str) -> Result<Vec<u8>> {
        let object = self.s3.get_object().bucket(&self.bucket).key(key).send().await?;
        let size = object.content_length().context("its size is unknown")?;
        ensure!(size <= MAX_PHOTO_BYTES, "{size} bytes are more than the {MAX_PHOTO_BYTES} that a photo may have");
        Ok(object.body.collect().await?.to_vec())
    }

    async fn write(&self, key: &str, jpeg: Vec<u8>) -> Result<()> {
        let put = self.s3.put_object().bucket(&self.bucket).key(key).content_type("image/jpeg");
        put.body(ByteStream::from(jpeg)).send().await?;
        Ok(())
    }

    async fn enter(&self, item: HashMap<String, AttributeValue>) -> Result<()> {
        self.dynamodb.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }
}

/// What the index says of a photo; `width` and `height` are those of the upright photo.
fn item(key: &str, bytes: usize, name: &str, thumbnail: &Thumbnail) -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: String| AttributeValue::N(number);
    HashMap::from([
        ("key".to_owned(), text(key)),
        ("width".to_owned(), number(thumbnail.photo_size.0.to_string())),
        ("height".to_owned(), number(thumbnail.photo_size.1.to_string())),
        ("bytes".to_owned(), number(bytes.to_string())),
        ("thumbnail".to_owned(), text(name)),
        ("thumbnail_width".to_owned(), number(thumbnail.size.0.to_string())),
        ("thumbnail_height".to_owned(), number(thumbnail.size.1.to_string())),
        ("thumbnail_bytes".to_owned(), number(thumbnail.jpeg.len().to_string())),
    ])
}

fn required(variable: &str) -> Result<String> {
    env::var(variable).with_context(|| format!("the environment variable {variable} is missing"))
}
