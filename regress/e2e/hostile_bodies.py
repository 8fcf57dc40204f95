"""Routes of the hostile upstream that frame their answers well and fill them badly: encodings, charsets, JSON."""
import gzip
import zlib

MEGABYTE = 1 << 20


def register(route, response):
    @route("/gzip")
    def gzipped(c, **_):
        c.send(response(gzip.compress(b'{"zipped": true}'), headers=["Content-Encoding: gzip"]))

    @route("/gzip-bomb")
    def gzip_bomb(c, **_):
        """200 MB in 200 kB."""
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        data = squeeze.compress(b'"')
        for _i in range(200):
            data += squeeze.compress(b"a" * MEGABYTE)
        data += squeeze.compress(b'"') + squeeze.flush()
        c.send(response(data, headers=["Content-Encoding: gzip"]))

    @route("/gzip-broken")
    def gzip_broken(c, **_):
        c.send(response(b"this is not gzip at all", headers=["Content-Encoding: gzip"]))

    @route("/encoding-unknown")
    def encoding_unknown(c, **_):
        c.send(response(b"{}", headers=["Content-Encoding: rot13"]))

    @route("/encoding-tower")
    def encoding_tower(c, **_):
        c.send(response(b"{}", headers=["Content-Encoding: " + ", ".join(["gzip"] * 100)]))

    @route("/charset")
    def charset(c, **_):
        c.send(response('{"name": "caf\u00e9"}'.encode("latin-1"), content_type="application/json; charset=ISO-8859-1"))

    @route("/charset-bytes")
    def charset_bytes(c, **_):
        c.send(response(b"{}", content_type="application/json; charset=\xff\xfe\x01"))

    @route("/type-bytes")
    def type_bytes(c, **_):
        c.send(response(b"{}", content_type="a\xffb/" + "x" * 5_000))

    @route("/charset-utf8")
    def charset_utf8(c, **_):
        c.send(response('{"name": "caf\u00e9"}'.encode(), content_type='application/json; charset="UTF-8"'))

    @route("/utf16")
    def utf16(c, **_):
        c.send(response('{"name": 1}'.encode("utf-16")))

    @route("/bom")
    def bom(c, **_):
        c.send(response(b"\xef\xbb\xbf" + b'{"bom": 1}'))

    @route("/invalid-utf8")
    def invalid_utf8(c, **_):
        c.send(response(b'{"a": "\xc3\x28"}'))

    @route("/nul-escape")
    def nul_escape(c, **_):
        c.send(response(b'{"a": "x\\u0000y"}'))

    @route("/nul-raw")
    def nul_raw(c, **_):
        c.send(response(b'{"a": "x\x00y"}'))

    @route("/lone-surrogate")
    def lone_surrogate(c, **_):
        c.send(response(b'{"a": "\\ud800"}'))

    @route("/deep")
    def deep(c, **_):
        c.send(response(b"[" * 100_000 + b"]" * 100_000))

    @route("/deep-allowed")
    def deep_allowed(c, **_):
        c.send(response(b"[" * 200 + b"]" * 200))

    @route("/huge-number")
    def huge_number(c, **_):
        c.send(response(b'{"a": 1e200000}'))

    @route("/tiny-number")
    def tiny_number(c, **_):
        c.send(response(b'{"a": 1e-20000}'))

    @route("/long-number")
    def long_number(c, **_):
        c.send(response(b'{"a": ' + b"9" * 131_073 + b"}"))

    @route("/big-number")
    def big_number(c, **_):
        """Big, but numeric holds it."""
        c.send(response(b'{"a": 1e131071, "b": 123456789012345678901234567890.123456789}'))

    @route("/not-json")
    def not_json(c, **_):
        c.send(response(b"<html>hello</html>", content_type="text/html"))

    @route("/two-values")
    def two_values(c, **_):
        c.send(response(b"{} {}"))

    @route("/big-array")
    def big_array(c, **_):
        """About 8 MB of good JSON: checked off the loop."""
        c.send(response(b"[" + b",".join([b'{"id": 1, "name": "row"}'] * 330_000) + b"]"))

    @route("/big-broken")
    def big_broken(c, **_):
        c.send(response(b"[" + b"1," * 500_000))
