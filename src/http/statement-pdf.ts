import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import PDFDocument from 'pdfkit';
import type { Both, DocumentPart, Item, StatementDocument } from '../domain/tax/document';

const margin = 50;
const labelWidth = 200;
const gap = 12;
const ink = '#1a1a1a';
const grey = '#666666';
const fontName = 'text';

/** The font covers both languages; a document embeds only the characters it has. Read once. */
function fontReader(): () => Buffer {
  let bytes: Buffer | undefined;
  return () => {
    const { resolve } = createRequire(__filename);
    const folder = dirname(resolve('@expo-google-fonts/noto-sans-sc/package.json'));
    bytes ??= readFileSync(join(folder, '400Regular', 'NotoSansSC_400Regular.ttf'));
    return bytes;
  };
}

const font = fontReader();

type Page = InstanceType<typeof PDFDocument>;

/**
 * Draws a statement as an A4 PDF of some 20 KB.
 * @param made for the document's properties
 */
export function drawStatement(document: StatementDocument, made: Date): Promise<Buffer> {
  const pdf = new PDFDocument({
    size: 'A4',
    margin,
    bufferPages: true,
    info: { Title: inBoth(document.title), CreationDate: made, ModDate: made },
  });
  pdf.registerFont(fontName, font()).font(fontName).fillColor(ink);
  const chunks: Buffer[] = [];
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise<Buffer>((resolve, reject) => {
    pdf.on('end', () => resolve(Buffer.concat(chunks)));
    pdf.on('error', reject);
  });
  drawHead(pdf, document);
  for (const part of document.parts) drawPart(pdf, part);
  drawFooters(pdf, document.footer);
  pdf.end();
  return done;
}

const inBoth = ({ zh, en }: Both) => `${zh} ${en}`;

function drawHead(pdf: Page, { title, notices }: StatementDocument): void {
  pdf.fontSize(20).text(title.zh);
  pdf.fontSize(11).fillColor(grey).text(title.en).moveDown(0.6);
  for (const { zh, en } of notices) {
    const top = pdf.y;
    pdf.fontSize(9).fillColor(ink);
    pdf.text(zh, margin + gap, top + 6, { width: widthOf(pdf) - 2 * gap });
    pdf.text(en, { width: widthOf(pdf) - 2 * gap });
    const height = pdf.y - top + 6;
    pdf.lineWidth(0.8).strokeColor(grey).rect(margin, top, widthOf(pdf), height).stroke();
    pdf.x = margin;
    pdf.y = top + height + 8;
  }
}

function drawPart(pdf: Page, { title, items }: DocumentPart): void {
  keepTogether(pdf, 60);
  pdf.moveDown(0.5).fontSize(11).fillColor(ink).text(inBoth(title), margin);
  const line = pdf.y + 2;
  pdf.lineWidth(0.5).strokeColor(grey);
  pdf
    .moveTo(margin, line)
    .lineTo(margin + widthOf(pdf), line)
    .stroke();
  pdf.y = line + 4;
  for (const item of items) drawItem(pdf, item);
}

function drawItem(pdf: Page, { zh, en, value }: Item): void {
  const shown = drawable(pdf, value);
  const label = drawable(pdf, `${zh} ${en}`);
  const valueWidth = widthOf(pdf) - labelWidth - gap;
  pdf.fontSize(9);
  const height = Math.max(
    pdf.heightOfString(label, { width: labelWidth }),
    pdf.heightOfString(shown, { width: valueWidth }),
  );
  keepTogether(pdf, height + 4);
  const top = pdf.y;
  pdf.fillColor(grey).text(label, margin, top, { width: labelWidth });
  pdf.fillColor(ink).text(shown, margin + labelWidth + gap, top, { width: valueWidth });
  pdf.x = margin;
  pdf.y = top + height + 3;
}

/** Statement and page number at the foot of each page. */
function drawFooters(pdf: Page, footer: string): void {
  const { start, count } = pdf.bufferedPageRange();
  for (let index = start; index < start + count; index += 1) {
    pdf.switchToPage(index);
    // Below the margin a text would begin a new page.
    pdf.page.margins.bottom = 0;
    const text = `${footer}    ${index - start + 1} / ${count}`;
    pdf.fontSize(8).fillColor(grey);
    pdf.text(text, margin, pdf.page.height - margin + 10, { lineBreak: false });
  }
}

function keepTogether(pdf: Page, height: number): void {
  if (pdf.y + height > pdf.page.height - margin) pdf.addPage();
}

const widthOf = (pdf: Page) => pdf.page.width - 2 * margin;

/** What pdfkit keeps of the font in use; it has no type for it. */
interface FontInUse {
  _font: { font: { hasGlyphForCodePoint(codePoint: number): boolean } };
}

/** A rare character that the font does not have is named by its code, never left out. */
function drawable(pdf: Page, text: string): string {
  const { font: glyphs } = (pdf as unknown as FontInUse)._font;
  return Array.from(text, (character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    if (glyphs.hasGlyphForCodePoint(codePoint)) return character;
    return `[U+${codePoint.toString(16).toUpperCase()}]`;
  }).join('');
}
