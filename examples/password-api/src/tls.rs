//! TLS: the server's side from certificate and key files, and a client that trusts exactly one certificate.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme,
};

use crate::config::{ConfigError, TlsFiles};
use crate::secret_file;

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let refused = || {
        ConfigError::Tls("USNPW_API_TLS_CERT_FILE must name a readable PEM file with a certificate".into())
    };
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|_| refused())?;
    if chain.is_empty() { Err(refused()) } else { Ok(chain) }
}

/// Builds the server's side. The key file must be as private as the token file.
pub fn server(files: &TlsFiles) -> Result<Arc<ServerConfig>, ConfigError> {
    let chain = certificates(&files.cert)?;
    let name = "USNPW_API_TLS_KEY_FILE";
    let pem = secret_file::read(&files.key).map_err(|problem| ConfigError::File { name, problem })?;
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| ConfigError::Tls(format!("{name} must name a PEM file with a private key")))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| {
            ConfigError::Tls(format!("certificate and key do not make a TLS server: {error}"))
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Builds a client that accepts only the first certificate of the file, whatever its name or issuer.
///
/// The health check connects to an IP address and has no root certificates; the file the server was given
/// is the one thing it can trust.
pub fn pinned_client(cert: &Path) -> Result<Arc<ClientConfig>, ConfigError> {
    let chain = certificates(cert)?;
    let provider = ring::default_provider();
    let verifier =
        Pinned { certificate: chain[0].clone(), algorithms: provider.signature_verification_algorithms };
    client_with(provider, verifier).map_err(|error| ConfigError::Tls(error.to_string()))
}

fn client_with(provider: CryptoProvider, verifier: Pinned) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Accepts one certificate byte for byte, and still verifies that the server holds its key.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
