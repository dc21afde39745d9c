"""InkML of a few strokes, made up for tests."""

from __future__ import annotations


def inkml(label: str = "x", *, shift: float = 0.0, writer: str | None = None) -> bytes:
    """`label ^ { 2 }` in two strokes, moved sideways by `shift`, so that different shifts are different ink."""
    annotation = f'<annotation type="writer">{writer}</annotation>' if writer is not None else ""
    return f"""<ink xmlns="http://www.w3.org/2003/InkML">
{annotation}
<annotation type="truth">${label}^2$</annotation>
<annotationXML type="truth" encoding="Content-MathML"><math xmlns="http://www.w3.org/1998/Math/MathML">
<msup><mi xml:id="a">{label}</mi><mn xml:id="b">2</mn></msup></math></annotationXML>
<trace id="0">{shift} 10, {shift + 4} 14, {shift + 8} 18</trace>
<trace id="1">{shift + 9} 2, {shift + 11} 4</trace>
<traceGroup>
<traceGroup><annotation type="truth">{label}</annotation>
<traceView traceDataRef="0"/><annotationXML href="a"/></traceGroup>
<traceGroup><annotation type="truth">2</annotation>
<traceView traceDataRef="1"/><annotationXML href="b"/></traceGroup>
</traceGroup>
</ink>""".encode()
