//! One local connection: what comes from the browser goes to the relay, and the other way round.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender};

/// How much is read at once: a few messages of the data channel.
const PIECE: usize = 8 << 10;

/// What the browser has sent on a stream; none at its end.
pub type Upload = (u32, Option<Vec<u8>>);

/// What has become of what was sent to the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Bytes(u32, usize),
    /// It takes nothing more.
    Nothing(u32),
}

/// Serves a connection until the other side has closed it and all that came from there is written, or until the browser
/// takes nothing more. The relay bounds what waits in `from_there`, by what `taken` says.
pub async fn serve(
    stream: u32,
    socket: TcpStream,
    uploads: Sender<Upload>,
    from_there: UnboundedReceiver<Vec<u8>>,
    taken: UnboundedSender<Taken>,
) {
    // A page's many small answers must not wait for each other.
    let _ = socket.set_nodelay(true);
    let (reader, writer) = socket.into_split();
    tokio::select! {
        () = read(stream, reader, uploads) => {}
        () = write(stream, writer, from_there, taken) => {}
    }
}

/// Never ends: the other side decides when the connection does.
async fn read(stream: u32, mut reader: OwnedReadHalf, uploads: Sender<Upload>) {
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = reader.read(&mut piece).await {
        if uploads.send((stream, Some(piece[..count].to_vec()))).await.is_err() {
            break;
        }
    }
    let _ = uploads.send((stream, None)).await;
    std::future::pending().await
}

async fn write(
    stream: u32,
    mut writer: OwnedWriteHalf,
    mut from_there: UnboundedReceiver<Vec<u8>>,
    taken: UnboundedSender<Taken>,
) {
    while let Some(bytes) = from_there.recv().await {
        let told = match writer.write_all(&bytes).await {
            Ok(()) => taken.send(Taken::Bytes(stream, bytes.len())),
            Err(_) => {
                let _ = taken.send(Taken::Nothing(stream));
                return;
            }
        };
        if told.is_err() {
            break;
        }
    }
    // A browser that has gone needs no end.
    let _ = writer.shutdown().await;
}
