//! The stream of bytes to a server, encrypted or not.

use super::address::Address;
use redis::ConnectionAddr;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What can be read from and written to.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

pub(super) type Stream = Pin<Box<dyn Duplex>>;

/// Connects.
///
/// # Errors
/// Why that is not possible.
pub(super) async fn open(address: &Address) -> io::Result<Stream> {
    match address.info().addr() {
        ConnectionAddr::Tcp(host, port) => Ok(Box::pin(tcp(host, *port).await?)),
        ConnectionAddr::TcpTls { host, port, .. } => {
            let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
            let stream = tcp(host, *port).await?;
            Ok(Box::pin(TlsConnector::from(Arc::new(encryption()?)).connect(name, stream).await?))
        }
        _ => Err(io::Error::other("the address is none of a network")),
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    // What goes out is a batch already.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Trusts whom the system trusts.
fn encryption() -> io::Result<ClientConfig> {
    let mut found = rustls_native_certs::load_native_certs();
    if let Some(error) = found.errors.pop() {
        return Err(io::Error::other(error));
    }
    let mut roots = RootCertStore::empty();
    for certificate in found.certs {
        roots.add(certificate).map_err(io::Error::other)?;
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
