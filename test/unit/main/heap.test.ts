import { withHeapOf } from '../../../src/main/supervisor/child';

describe('the memory of a part', () => {
  it.each([
    ['api', '--max-old-space-size=2048'],
    ['worker', '--max-old-space-size=1024'],
    ['sandbox', '--max-old-space-size=1024'],
  ])('of the %s is held down by %s', (part, options) => {
    expect(withHeapOf(part, { PORT: '8080' })).toEqual({
      PORT: '8080',
      NODE_OPTIONS: options,
      MALLOC_ARENA_MAX: '2',
    });
  });

  it('is what the caller says: Node takes the last of two options', () => {
    const given = { NODE_OPTIONS: '--max-old-space-size=300', MALLOC_ARENA_MAX: '4' };
    expect(withHeapOf('worker', given)).toEqual({
      NODE_OPTIONS: '--max-old-space-size=1024 --max-old-space-size=300',
      MALLOC_ARENA_MAX: '4',
    });
  });
});
