#!/usr/bin/python3
"""Opens a page in WebKitGTK under an application's scheme: webkit.py ADDRESS FILE.

Every address of the scheme has the content of the file. A file: address is opened as it is, with
access to other files, as an application that trusts its pages allows. The packages are python3-gi,
gir1.2-gtk-3.0 and gir1.2-webkit2-4.1.
"""

import pathlib
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gio, GLib, Gtk, WebKit2  # noqa: E402

address, file = sys.argv[1:]
scheme = address.split(":")[0]


def answer(request):
    content = GLib.Bytes.new(pathlib.Path(file).read_bytes())
    request.finish(Gio.MemoryInputStream.new_from_bytes(content), content.get_size(), "text/html")


context = WebKit2.WebContext.new_ephemeral()
settings = WebKit2.Settings()
settings.set_enable_write_console_messages_to_stdout(True)
if scheme == "file":
    settings.set_allow_file_access_from_file_urls(True)
else:
    context.register_uri_scheme(scheme, answer)
    context.get_security_manager().register_uri_scheme_as_cors_enabled(scheme)
view = WebKit2.WebView.new_with_context(context)
view.set_settings(settings)
window = Gtk.Window()
window.add(view)
window.show_all()
view.load_uri(address)
Gtk.main()
