//! TLS, by rustls with the certificates that the operating system trusts.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use cors_debugger::probe::{Trouble, TroubleKind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};

use super::timed::Timed;

/// A client's settings, which all connections share.
pub struct Client(Arc<ClientConfig>);

impl Client {
    pub fn new(insecure: bool) -> Result<Self, Trouble> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Trouble::new(TroubleKind::Tls, error.to_string()))?;
        let mut config = if insecure {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
                .with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            // Some systems have certificates that cannot be parsed; the others still count.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            builder.with_root_certificates(roots).with_no_client_auth()
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Makes the handshake.
    pub fn open(
        &self,
        mut stream: Timed,
        host: &str,
    ) -> Result<StreamOwned<ClientConnection, Timed>, Trouble> {
        let name = ServerName::try_from(host.to_string())
            .map_err(|_| Trouble::new(TroubleKind::Tls, format!("{host} is not a name for certificates")))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.0), name)
            .map_err(|error| Trouble::new(TroubleKind::Tls, error.to_string()))?;
        // A server that does not speak TLS may wait for more, so it gets less time.
        let started = connection
            .write_tls(&mut stream)
            .and_then(|_| stream.wait(FIRST_BYTE));
        if let Err(error) = started
            && matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
        {
            return Err(silent());
        }
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut stream) {
                return Err(trouble(&error).unwrap_or_else(|| match error.kind() {
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => silent(),
                    _ => Trouble::new(
                        TroubleKind::Tls,
                        format!("the server closed the connection during the handshake ({error})"),
                    ),
                }));
            }
        }
        Ok(StreamOwned::new(connection, stream))
    }
}

/// How long a server may take to begin its part of the handshake.
const FIRST_BYTE: Duration = Duration::from_secs(4);

fn silent() -> Trouble {
    Trouble::new(
        TroubleKind::Tls,
        "the server accepts connections and does not speak TLS; try http",
    )
}

/// Says what an error means, if it is one of TLS.
pub fn trouble(error: &io::Error) -> Option<Trouble> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(certificate) => {
            let why = match certificate {
                CertificateError::UnknownIssuer => {
                    "nobody that this system trusts has signed it; it may be self-signed".to_string()
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "it has expired".into()
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "it is not valid yet; is the clock right?".into()
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "it is for another name".into()
                }
                // A certificate without the constraint that it is not an authority, as openssl
                // makes it by default.
                other => format!("{other}"),
            };
            Trouble::new(
                TroubleKind::Certificate,
                format!("{why}. A browser shows a warning page; --insecure accepts it here"),
            )
        }
        Error::InvalidMessage(_) => Trouble::new(
            TroubleKind::Tls,
            "the server's answer is not TLS; if it speaks http at this port, use http",
        ),
        other => Trouble::new(TroubleKind::Tls, other.to_string()),
    })
}

type Checked = Result<HandshakeSignatureValid, Error>;

/// Accepts every certificate, but checks that the server has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    #[rustfmt::skip]
    fn verify_tls12_signature(&self, message: &[u8], certificate: &CertificateDer<'_>, signature: &DigitallySignedStruct) -> Checked {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    #[rustfmt::skip]
    fn verify_tls13_signature(&self, message: &[u8], certificate: &CertificateDer<'_>, signature: &DigitallySignedStruct) -> Checked {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
