import { sharedBuffersMb } from '../../../src/main/servers/postgres';

const gb = 1024 ** 3;

describe('the buffers of the own PostgreSQL', () => {
  it.each([
    ['a small machine', 0.5 * gb, 128],
    ['a laptop of 4 GB', 4 * gb, 512],
    ['a laptop of 8 GB', 8 * gb, 1024],
    ['a server', 64 * gb, 1024],
  ])('of %s', (_, memoryBytes, buffersMb) => {
    expect(sharedBuffersMb(memoryBytes)).toBe(buffersMb);
  });
});
