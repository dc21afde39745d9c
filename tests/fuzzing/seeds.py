"""What the fuzzer begins with: sound input, made up, and input made to do harm."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

from inkmath.dataset.arrays import write_arrays
from inkmath.inkml import write_inkml
from inkmath.layout.lg import to_lg
from inkmath.layout.mathml import to_mathml
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from pathlib import Path

    from inkmath.ink import Ink

POINT = '<ink><trace id="0">{}</trace></ink>'
DEEP = 3_000  # levels of nesting

_LAYERS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 12))


@cache
def made_up() -> tuple[Ink, ...]:
    """A dozen formulas in made-up handwriting."""
    return tuple(synthesize(12, 5, max_symbols=8))


def inkml() -> list[bytes]:
    """InkML: sound, odd and hostile."""
    odd = [
        POINT.format("0 0"),
        POINT.format("NaN 0"),
        POINT.format("1e308 -1e308"),
        POINT.format("3.4e38 -3.4e38, -3.4e38 3.4e38"),
        POINT.format("-0 -0.0, 1e-45 0"),
        POINT.format(", ".join(["1 2"] * 2000)),
        POINT.format("1 2,,"),
        POINT.format("'1 2, \"3 4, !5 6"),
        POINT.format("1 2,'3'4,\"5\"-6,7-8,* *,!9!#1F T"),
        POINT.format("2000000000 -7e9, 2000000001 -6999999999"),
        '<ink><traceFormat><channel name="X"/><channel name="Y"/><intermittentChannels><channel name="S" default="F"/>'
        "</intermittentChannels></traceFormat><trace>1 2 T,3 4,5 6 ?</trace></ink>",
        '<ink><trace id="a" continuation="begin">1 2</trace><trace id="b" continuation="end" priorRef="#a">3 4</trace>'
        '<traceGroup><annotation>x</annotation><traceView traceDataRef="#a" from="1" to="1"/></traceGroup></ink>',
        "<ink><annotationXML><m:math><m:semantics><m:mi>x</m:mi><m:annotation-xml encoding='MathML-Presentation'>"
        "<m:mi>y</m:mi></m:annotation-xml></m:semantics></m:math></annotationXML><trace>1 2</trace></ink>",
        '<x:ink xmlns:x="urn:other"><x:trace x:id="0">1 2</x:trace></x:ink>',
        f'<!DOCTYPE ink [<!ENTITY l0 "1 2,">{_LAYERS}]>' + POINT.format("&l11;"),
        '<!DOCTYPE ink [<!ENTITY s SYSTEM "file:///etc/passwd">]>' + POINT.format("&s;"),
        '<!DOCTYPE ink SYSTEM "http://127.0.0.1:9/ink.dtd">' + POINT.format("1 2"),
        '<!DOCTYPE ink [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>' + POINT.format("1 2"),
        '<ink xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="/etc/passwd" parse="text"/></ink>',
        '<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>' + POINT.format("1 2"),
        "<ink>" + "<traceGroup>" * DEEP + "</traceGroup>" * DEEP + '<trace id="0">1 2</trace></ink>',
        f'<ink><annotationXML type="truth"><math>{"<mrow>" * DEEP}<mi>x</mi>{"</mrow>" * DEEP}</math></annotationXML>'
        '<trace id="0">1 2</trace></ink>',
        f'<ink><annotation type="truth">{"{" * DEEP}x{"}" * DEEP}</annotation><trace id="0">1 2</trace></ink>',
        '<ink><annotation type="a\nb">c\x85d</annotation><trace id="e\nf">1 2</trace></ink>',
    ]
    sound = [write_inkml(ink) for ink in made_up()]
    text = sound[0].decode().partition("?>")[2]
    accented = text.replace("synthetic", "Zo\xe9")
    foreign = [
        b"\xef\xbb\xbf" + text.encode(),
        text.encode("utf-16"),
        f'<?xml version="1.0" encoding="iso-8859-1"?>{accented}'.encode("latin-1"),
        accented.encode("latin-1"),
        f'<?xml version="1.0" encoding="utf-7"?>{text}'.encode(),
        f'<?xml version="1.0" encoding="no-such-code"?>{text}'.encode(),
    ]
    return [*sound, *foreign, *(document.encode() for document in odd)]


def latex() -> list[bytes]:
    """LaTeX: sound, odd and hostile."""
    odd = [
        "{" * DEEP + "x" + "}" * DEEP,
        "\\sqrt" * DEEP + "x",
        "\\frac" * DEEP,
        "x" + "'" * DEEP,
        "x_" * DEEP,
        "\\left" * DEEP,
        "$\\ltM$",
        "{a \\over b \\over c}",
        "\\sum\\limits_{i}^{n}\\nolimits_j",
        "\\operatorname*{sin",
        "\\overset{a}{\\underset{b}{c}}",
        "\\not\\not=",
        "\\vec" * DEEP,
        "\\ddot x_{\\hat\\imath}\\overline{\\bar{x}}",
        "\\widehat{\\overline{AB}_1+\\vec{CD}^2}\\overline{x^2}\\overset{a}{\\overline{=}}",
        "x^{y'}''",
        "\\left[\\begin{array}{c|c}1&2\\\\[2pt]\\begin{cases}a\\\\b\\end{cases}&4\\\\\\end{array}\\right]^T",
        "(\\begin{matrix}" * DEEP,
        "\\\x00\x85\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ]
    return [*((ink.latex or "").encode() for ink in made_up()), *(text.encode() for text in odd)]


def mathml() -> list[bytes]:
    """MathML: sound, odd and hostile."""
    trees = [ink.tree for ink in made_up() if ink.tree]
    odd = [
        "<math><mrow>" * DEEP + "<mi>x</mi>" + "</mrow></math>" * DEEP,
        "<math>" + "<msup>" * DEEP + "<mi>x</mi>" + "<mn>2</mn></msup>" * DEEP + "</math>",
        "<math><mtable><mtr><mtd><mi>a</mi></mtd></mtr></mtable></math>",
        "<math><mo>(</mo><mtable><mtr><mtd><mi>a</mi></mtd><mtd/></mtr><mtr/></mtable><mo>)</mo></math>",
        "<math><msqrt/><mfrac><mi>a</mi></mfrac><mroot><mi>a</mi><mn>3</mn><mn>4</mn></mroot></math>",
        "<math><msup><mi>y</mi><mo>\N{PRIME}</mo></msup><mn>1 2.5</mn><!-- --><?p?></math>",
        "<math><annotation>x</annotation><mspace/></math>",
        "<math><mover accent='true'><mi>x</mi><mo>\u00a8</mo></mover></math>",
        "<math><mover><mrow><mi>x</mi></mrow><mrow><mo>^</mo></mrow></mover></math>",
        "<math><mover><msub><mi>A</mi><mn>1</mn></msub><mo>\u203e</mo></mover></math>",
    ]
    return [
        *(to_mathml(tree, plain=plain).encode() for tree in trees for plain in (False, True)),
        *(text.encode() for text in odd),
    ]


def lg() -> list[bytes]:
    """Label graphs."""
    odd = ["O, a, x, 1.0, 0\nR, a, a, Right, 1.0", "O, a, x, 1.0, 0\nO, a, x, 1.0, 0", "O,a,x", "R, a, b, Up, 1"]
    return [*(to_lg(ink.tree).encode() for ink in made_up() if ink.tree), *(text.encode() for text in odd)]


def web() -> list[bytes]:
    """Bodies of requests; the first byte chooses the route."""
    ink = made_up()[0]
    strokes = [stroke[:12].tolist() for stroke in ink.strokes]
    assert ink.tree
    formula = {
        "strokes": strokes,
        "symbols": [{"label": symbol.label, "strokes": list(symbol.strokes)} for symbol in ink.tree.symbols],
        "relations": [
            {"parent": edge.parent, "child": edge.child, "relation": str(edge.relation)} for edge in ink.tree.edges
        ],
    }
    bodies: list[dict[str, Any]] = [
        {"strokes": strokes, "constraints": [{"strokes": [0], "label": "x"}], "alternatives": 3},
        {"strokes": strokes, "top_k": 2},
        formula,
        {**formula, "latex": ink.latex},
        formula,
        {"strokes": [[[1e9, -1e9]], [[-0.0, 0.0]], [[1, 2, 3, 4]]]},
        {"strokes": [*strokes, *([[x, y + 900] for x, y, *_ in stroke] for stroke in strokes)], "alternatives": 2},
    ]
    odd = [
        *(b"", b"{", b"[" * DEEP, b'{"a":' * DEEP, b'\xff\xfe{"strokes"', b'{"strokes": [[["\\ud800", 1]]]}'),
        *(b'{"strokes": [[[%b, 1]]]}' % number for number in (b"NaN", b"1e999", b"9" * 5000, b"true")),
    ]
    return [
        *(bytes([route]) + json.dumps(body).encode() for route, body in enumerate(bodies)),
        *(bytes([route]) + body for route in range(len(bodies)) for body in odd),
        *(bytes([len(bodies) + more]) + document for document in inkml()[:8] for more in range(2)),
    ]


def archives() -> list[bytes]:
    """Archives; the first byte chooses the name they are found under."""
    sound = write_inkml(made_up()[0])
    members = {
        "HAMEX/a.inkml": sound,
        "b.inkml": sound + b" ",
        "../escape.inkml": sound,
        "/absolute.inkml": sound,
        "new\nline.inkml": sound,
        "\x1b[31mred.inkml": sound,
        "bomb.inkml": bytes(3 * 2**20),
        "inner.zip": b"PK",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("link.inkml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("a.inkml", sound)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = min(len(content), 40_000)
            archive.addfile(info, io.BytesIO(content))
        for name, kind in (("hard", tarfile.LNKTYPE), ("soft", tarfile.SYMTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(f"{name}.inkml")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    zipped = gzip.compress(plain.getvalue(), mtime=0)
    bomb = gzip.compress(bytes(16 * 2**20), mtime=0)
    return [
        b"\x00" + packed.getvalue(),
        b"\x00" + stored.getvalue(),
        b"\x01" + plain.getvalue(),
        *(b"\x02" + content for content in (zipped, zipped[: len(zipped) // 2], bomb, zipped + b"rest")),
    ]


def arrays(folder: Path) -> list[bytes]:
    """Files of arrays, as stages hand them on."""
    import numpy as np

    write_arrays(folder / "a.npz", {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "labels": np.array(["a", "b"])})
    return [(folder / "a.npz").read_bytes()]


TOKENS = (
    *(b"<", b">", b"&", b"</", b"/>", b"<!--", b"<![CDATA[", b"<?", b"\xff", b"\x00", b"\x85", b"\xef\xbb\xbf"),
    *(b"&#0;", b"&#x10FFFF;", b"&lt;", b"<trace ", b"</trace>", b"<traceGroup>", b"<annotation ", b'type="truth"'),
    *(
        b'traceDataRef="',
        b'xml:id="',
        b'href="',
        b"<mrow>",
        b"<msup>",
        b"<mfrac>",
        b"<msqrt>",
        b"<mover>",
        b"<mi>",
        b"<channel ",
    ),
    *(b"nan", b"inf", b"-0", b"1e308", b"1e39", b"3.4e38", b"9" * 40, b"-", b",", b".", b"e", b" ", b"\n"),
    *(
        b"\\frac",
        b"\\sqrt",
        b"\\sum",
        b"\\limits",
        b"\\over",
        b"\\left",
        b"\\not",
        b"\\operatorname",
        b"\\vec",
        b"\\ddot",
        b"'",
    ),
    *(b"{", b"}", b"[", b"]", b"_", b"^", b'"', b":", b"null", b"true", b'"strokes"', b'"label"', b'"Right"', b"Sup"),
    *(
        b"PK\x03\x04",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"\x1f\x8b",
        b"ustar",
        b".inkml",
        b"../",
        b"/",
        b"\\",
        b"O, ",
        b"R, ",
    ),
)
"""Words of the notations, for mutations to splice in."""


def of(target: str, folder: Path) -> list[bytes]:
    """What a target of `fuzzing.targets` begins with; ``folder`` may be written to."""
    made = {"latex": latex, "mathml": mathml, "lg": lg, "web": web, "archive": archives}
    return arrays(folder) if target == "arrays" else made.get(target, inkml)()
