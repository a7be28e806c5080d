import fc from 'fast-check';
import { clickFault } from '../../../src/domain/referral/click';
import { allowedUrl, firstAllowed, isHost, withClickId } from '../../../src/domain/referral/link';

const hosts = ['shop.example.com', 'localhost:3000'];

describe('a short link leads to', () => {
  test.each([
    ['https://shop.example.com', 'https://shop.example.com/'],
    ['https://shop.example.com/p/1?a=b#c', 'https://shop.example.com/p/1?a=b#c'],
    ['http://shop.example.com/', 'http://shop.example.com/'],
    ['HTTPS://SHOP.example.com/', 'https://shop.example.com/'],
    ['https://shop.example.com:443/', 'https://shop.example.com/'],
    ['http://localhost:3000/cart', 'http://localhost:3000/cart'],
    ['https://shop.example.com/商品', 'https://shop.example.com/%E5%95%86%E5%93%81'],
    ['https://shop.example.com?next=//evil.com', 'https://shop.example.com/?next=//evil.com'],
    ['https://shop.example.com//evil.com', 'https://shop.example.com//evil.com'],
    ['https://shop.example.com/@evil.com', 'https://shop.example.com/@evil.com'],
  ])('a page of the shop: %s', (text, href) => {
    expect(allowedUrl(text, hosts)?.href).toBe(href);
  });

  test.each([
    ['another host', 'https://evil.com/'],
    ['a host that begins like it', 'https://shop.example.com.evil.com/'],
    ['a host that ends like it', 'https://evilshop.example.com/'],
    ['a host below it', 'https://a.shop.example.com/'],
    ['the host above it', 'https://example.com/'],
    ['a dot at the end', 'https://shop.example.com./'],
    ['userinfo', 'https://shop.example.com@evil.com/'],
    ['userinfo of the right host', 'https://user@shop.example.com/'],
    ['userinfo with a password', 'https://shop.example.com:x@evil.com/'],
    ['an empty user', 'https://@shop.example.com/'],
    ['a backslash before the at', 'https://shop.example.com\\@evil.com/'],
    ['a backslash for a slash', 'https:\\\\evil.com/'],
    ['a backslash after the host', 'https://evil.com\\.shop.example.com/'],
    ['no scheme', '//evil.com/'],
    ['no scheme, the right host', '//shop.example.com/'],
    ['three slashes', 'https:///evil.com/'],
    ['four slashes', 'https:////shop.example.com/'],
    ['one slash', 'https:/shop.example.com/'],
    ['no slash', 'https:shop.example.com/'],
    ['a path only', '/p/1'],
    ['a script', 'javascript:alert(1)//shop.example.com'],
    ['data', 'data:text/html,shop.example.com'],
    ['another scheme', 'ftp://shop.example.com/'],
    ['an app scheme', 'weixin://shop.example.com/'],
    ['a view of a source', 'view-source:https://shop.example.com/'],
    ['another port', 'https://shop.example.com:8443/'],
    ['the other default port', 'https://shop.example.com:80/'],
    ['a host without its port', 'http://localhost/'],
    ['an empty port', 'https://shop.example.com:/'],
    ['a port with a zero', 'http://localhost:03000/'],
    ['a tab inside', 'https://shop.exa\tmple.com/'],
    ['a newline before it', '\nhttps://shop.example.com/'],
    ['a header in it', 'https://shop.example.com/\r\nSet-Cookie: a=b'],
    ['a space before it', ' https://shop.example.com/'],
    ['a NUL', 'https://shop.example.com\0.evil.com/'],
    ['a fullwidth dot', 'https://shop．example.com/'],
    ['a fullwidth slash', 'https://evil.com／shop.example.com/'],
    ['an ideographic full stop', 'https://shop。example。com/'],
    ['a letter of another alphabet', 'https://shоp.example.com/'],
    ['punycode of it', 'https://xn--shp-8cd.example.com/'],
    ['a soft hyphen', 'https://shop\u00ad.example.com/'],
    ['a zero width space', 'https://shop.example.com\u200b/'],
    ['an escaped dot', 'https://shop%2eexample.com/'],
    ['an escaped slash', 'https://evil.com%2f@shop.example.com/'],
    ['an address in brackets', 'https://[::1]/'],
    ['a number for a host', 'https://2130706433/'],
    ['nothing', ''],
    ['too long a text', `https://shop.example.com/${'a'.repeat(3000)}`],
  ])('nothing else: %s', (_name, text) => {
    expect(allowedUrl(text, hosts)).toBeUndefined();
  });

  test('no other host than those of the program, whatever the text', () => {
    const piece = fc.constantFrom(
      ...['https:', 'http:', '/', '//', '\\', '@', ':', '#', '?', '.', '%2f', '\t', 'evil.com'],
      ...['shop.example.com', 'localhost:3000', '443', 'user', '。', '[', ']'],
    );
    const texts = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const url = allowedUrl(text, hosts);
        if (url !== undefined) expect(hosts).toContain(url.host);
      }),
      { numRuns: 3000 },
    );
  });

  test('the first page that is allowed, and none without one', () => {
    const evil = 'https://evil.com';
    const pages = [evil, undefined, null, 'https://shop.example.com/a', 'http://localhost:3000'];
    expect(firstAllowed(pages, hosts)?.href).toBe('https://shop.example.com/a');
    expect(firstAllowed([evil], hosts)).toBeUndefined();
    expect(firstAllowed(pages, [])).toBeUndefined();
  });

  test('the page with the id of the click, and never with one that somebody put there', () => {
    const page = new URL('https://shop.example.com/p?click_id=forged&a=1#top');
    expect(withClickId(page, 'clk_1.tag')).toBe(
      'https://shop.example.com/p?a=1&click_id=clk_1.tag#top',
    );
    expect(withClickId(page, undefined)).toBe('https://shop.example.com/p?a=1#top');
  });
});

test.each([
  ['shop.example.com', true],
  ['localhost:3000', true],
  ['10.0.0.1', true],
  ['Shop.example.com', false],
  ['shop.example.com/', false],
  ['https://shop.example.com', false],
  ['*.example.com', false],
  ['shop..example.com', false],
  ['.example.com', false],
  ['shop.example.com.', false],
  ['shop.example.com:0', false],
  ['shop.example.com:65536', false],
  ['商店.example.com', false],
])('a program may name the host %s: %s', (text, right) => {
  expect(isHost(text)).toBe(right);
});

describe('a click counts', () => {
  const at = (text: string) => new Date(`2026-11-${text}Z`);
  test.each([
    ['in its own second', at('01T10:00:00'), undefined],
    ['inside the window', at('10T10:00:00'), undefined],
    ['to the last millisecond of the window', at('11T09:59:59.999'), undefined],
    ['not at its end', at('11T10:00:00'), 'click_expired'],
    ['not after it', at('20T10:00:00'), 'click_expired'],
    ['not for a payment before it', at('01T09:59:59.999'), 'click_after_payment'],
  ])('%s', (_name, paidAt, fault) => {
    expect(clickFault(at('01T10:00:00'), paidAt, 10)).toBe(fault);
  });
});
