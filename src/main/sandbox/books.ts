import { mkdirSync, readFileSync } from 'node:fs';
import { type FileHandle, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { behaviourOf } from './behaviour';
import { applyLine, type BookLine, type Payment, paymentKey } from './payment';

/**
 * The provider's own books: an append-only file that is synced before anybody is answered, and read
 * again at start. A process killed at any moment has lost nothing that it told somebody.
 */
export class Books {
  readonly payments = new Map<string, Payment>();
  private readonly delivered = new Set<string>();
  private waiting: string[] = [];
  private flushing: Promise<void> = Promise.resolve();

  private constructor(private readonly file: FileHandle) {}

  static async open(dataDir: string): Promise<Books> {
    mkdirSync(dataDir, { recursive: true });
    const path = join(dataDir, 'books.ndjson');
    const file = await open(path, 'a');
    const text = readFileSync(path, 'utf8');
    const complete = text.slice(0, text.lastIndexOf('\n') + 1);
    // The rest is a line that was being written when the process died: nobody was told of it.
    if (complete.length < text.length) await truncate(path, Buffer.byteLength(complete));
    const books = new Books(file);
    for (const line of complete.split('\n')) {
      if (line !== '') books.apply(JSON.parse(line) as BookLine);
    }
    return books;
  }

  find(merchantId: string, channelNumber: string): Payment | undefined {
    return this.payments.get(paymentKey(merchantId, channelNumber));
  }

  findAny(channelNumber: string): Payment | undefined {
    return [...this.payments.values()].find((p) => p.request.channelNumber === channelNumber);
  }

  isDelivered(eventId: string): boolean {
    return this.delivered.has(eventId);
  }

  /** Takes the line into the books at once; `settled` says when it is on the disk. */
  add(line: BookLine): void {
    this.apply(line);
    this.waiting.push(`${JSON.stringify(line)}\n`);
  }

  /** Resolves when everything added so far is on the disk. Lines that wait together share a sync. */
  settled(): Promise<void> {
    this.flushing = this.flushing.then(() => this.flush());
    return this.flushing;
  }

  async close(): Promise<void> {
    await this.settled();
    await this.file.close();
  }

  private apply(line: BookLine): void {
    applyLine(this.payments, this.delivered, line, (request) => behaviourOf(request).opening);
  }

  private async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const lines = this.waiting.join('');
    this.waiting = [];
    await this.file.appendFile(lines);
    await this.file.datasync();
  }
}
