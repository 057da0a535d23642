#!/usr/bin/python3
"""Opens a page in Qt WebEngine under an application's scheme: qt.py ADDRESS FILE SYNTAX.

Every address of the scheme has the content of the file. SYNTAX is a QWebEngineUrlScheme.Syntax. The
package is python3-pyqt6.qtwebengine.
"""

import pathlib
import sys

from PyQt6.QtCore import QBuffer, QIODevice, QUrl
from PyQt6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile, QWebEngineUrlScheme, QWebEngineUrlSchemeHandler
from PyQt6.QtWidgets import QApplication

address, file, syntax = sys.argv[1:]
name = address.split(":")[0].encode()


class Handler(QWebEngineUrlSchemeHandler):
    def requestStarted(self, job):
        content = QBuffer(job)
        content.setData(pathlib.Path(file).read_bytes())
        content.open(QIODevice.OpenModeFlag.ReadOnly)
        job.reply(b"text/html", content)


class Page(QWebEnginePage):
    def javaScriptConsoleMessage(self, level, message, line, source):
        print(message, flush=True)


scheme = QWebEngineUrlScheme(name)
scheme.setSyntax(QWebEngineUrlScheme.Syntax[syntax])
scheme.setFlags(QWebEngineUrlScheme.Flag.CorsEnabled)
if syntax == "HostAndPort":
    scheme.setDefaultPort(80)
# Qt accepts schemes only before the application exists.
QWebEngineUrlScheme.registerScheme(scheme)
application = QApplication(sys.argv)
profile = QWebEngineProfile()
handler = Handler()
profile.installUrlSchemeHandler(name, handler)
page = Page(profile)
page.load(QUrl(address))
application.exec()
