// Files in and out: InkML and pictures to read, ink to keep as InkML, SVG or PNG.

import { Refusal } from "./api.js";
import { densityFor, drawStroke, prepare } from "./drawing.js";
import { boundsOf } from "./ink.js";

const MARGIN = 16;
const LEGIBLE = 28; // pixels of the sheet, of most strokes
const INK = "#1c2a3d";
const PICTURES = ["image/png", "image/jpeg"]; // that the server takes
const KINDS = { // how files begin that are no InkML
  PNG: /^\x89PNG/, JPEG: /^\xff\xd8\xff/, HEIC: /^.{4}ftyp(hei|hev|mif1|msf1)/s, AVIF: /^.{4}ftypavi/s,
  WebP: /^RIFF.{4}WEBP/s, GIF: /^GIF8/, TIFF: /^(II\*\0|MM\0\*)/, BMP: /^BM.{4}\0{4}/s, PDF: /^%PDF/,
};
const LARGEST_PICTURE = 2000; // pixels a side, which the server shrinks larger ones to anyhow
export const LARGEST_BODY = 2 * 2 ** 20; // bytes, the server's limit for what it reads
const QUALITIES = [0.92, 0.75, 0.5, 0.25];

/**
 * What to send to have a file read: its own bytes, or a picture of a type and size that the server takes.
 *
 * Throws a Refusal when the browser does not get at its bytes, or it is a picture that neither the browser nor the
 * server can decode.
 */
export async function readable(file) {
  let begin;
  try {
    begin = String.fromCharCode(...new Uint8Array(await file.slice(0, 16).arrayBuffer()));
  } catch {
    // Sending it would fail as if there were no server.
    throw new Refusal({ type: "file", detail: "It is a folder, or a file that was moved or changed since it was chosen." });
  }
  // Its bytes say more than its type, which files without a suffix lack.
  const picture = await decoded(file);
  const kind = Object.keys(KINDS).find((name) => KINDS[name].test(begin));
  const type = kind ? `image/${kind.toLowerCase()}` : file.type;
  if (!picture && !type.startsWith("image/")) return { body: file, type: "application/inkml+xml" };
  const taken = PICTURES.includes(type);
  if (!picture && !taken) throw new Refusal({ type: "picture", detail: `This browser cannot decode ${kind ?? "such a picture"}: save it as PNG or JPEG.` });
  if (!picture) return { body: file, type }; // What is wrong with it the server shall say.
  const { naturalWidth: width, naturalHeight: height } = picture;
  const scale = Math.min(1, LARGEST_PICTURE / Math.max(width, height));
  if (scale === 1 && file.size <= LARGEST_BODY && taken) return { body: file, type };
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  // PNG keeps what is transparent; photographs would grow by it.
  let body = type === "image/jpeg" ? null : await canvas.convertToBlob({ type: "image/png" });
  if (body?.size <= LARGEST_BODY) return { body, type: body.type };
  // JPEG turns what is transparent black: there the picture lies on white paper.
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const quality of QUALITIES) {
    body = await canvas.convertToBlob({ type: "image/jpeg", quality });
    if (body.size <= LARGEST_BODY) break;
  }
  return { body, type: body.type };
}

/** The picture as an image, or null when the browser cannot decode it. (An image may be SVG, a bitmap may not.) */
async function decoded(file) {
  const picture = new Image();
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    return picture;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(picture.src);
  }
}

/** Fit strokes of any unit onto what a sheet shows, or beyond its edges where they were too small, as [x, y, pressure] points. */
export function fitted(strokes, view) {
  const width = view.right - view.left;
  const height = view.bottom - view.top;
  const box = boundsOf(strokes.map((points) => ({ points })));
  const wide = Math.max(box.right - box.left, 1e-6);
  const high = Math.max(box.bottom - box.top, 1e-6);
  const sizes = strokes.map((points) => sizeOf(boundsOf([{ points }]))).sort((a, b) => a - b);
  const legible = LEGIBLE / Math.max(1e-6, sizes[sizes.length >> 1]);
  // Neither a dot nor a bar should fill the sheet.
  const scale = Math.max(legible, Math.min((width * 0.8) / wide, (height * 0.6) / high, 160 / Math.min(wide, high)));
  const left = view.left + Math.max(MARGIN, (width - wide * scale) / 2);
  const top = view.top + Math.max(MARGIN, (height - high * scale) / 2);
  return strokes.map((points) => points.map(([x, y]) => [left + (x - box.left) * scale, top + (y - box.top) * scale, 0.5]));
}

const sizeOf = ({ left, top, right, bottom }) => Math.max(right - left, bottom - top);

export function toSvg(strokes) {
  const box = boundsOf(strokes);
  const number = (value) => String(Math.round(value * 10) / 10);
  const size = [box.left - MARGIN, box.top - MARGIN, box.right - box.left + 2 * MARGIN, box.bottom - box.top + 2 * MARGIN].map(number);
  const paths = strokes.map(({ points }) => {
    const places = points.map(([x, y]) => `${number(x)} ${number(y)}`);
    if (places.length === 1) places.push(places[0]);
    return `  <path d="M${places.join("L")}"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${size.join(" ")}" width="${size[2]}" height="${size[3]}" fill="none" stroke="${INK}" stroke-width="2.8" stroke-linecap="round" stroke-linejoin="round">`,
    ...paths, "</svg>", "",
  ].join("\n");
}

export function toPng(strokes) {
  const box = boundsOf(strokes);
  const width = box.right - box.left + 2 * MARGIN;
  const height = box.bottom - box.top + 2 * MARGIN;
  const density = densityFor(width, height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * density);
  canvas.height = Math.ceil(height * density);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(density, 0, 0, density, (MARGIN - box.left) * density, (MARGIN - box.top) * density);
  prepare(context, INK);
  for (const { points } of strokes) drawStroke(context, points);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
