"""The socket on which a survey's server listens."""

import socket

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import explain


def listen(host: str, port: int) -> socket.socket:
    """Listens on an address of this machine; port 0 is any that is free.

    Raises:
        InputError: the address is not this machine's, or the port is taken.
    """
    # asyncio sends small answers at once only on sockets that name the protocol.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    # UnicodeError: a label of the host's name that is none.
    except (OSError, UnicodeError) as error:
        listening.close()
        raise InputError(
            f"host and port must be free and of this machine ({explain(error)}). "
            f"Received: --host={host} --port={port}"
        ) from error
    return listening
