import fc from 'fast-check';
import {
  depthAtMost,
  encodeJson,
  JsonSyntaxError,
  parseStrictJson,
} from '../../../src/http/strict-json';

const parse = (text: string) => parseStrictJson(Buffer.from(text, 'utf8'));
const faultsOf = (text: string) =>
  parse(text).faults.map(({ pointer, code }) => `${pointer} ${code}`);

describe('the JSON reader', () => {
  it('reads what JSON.parse reads, without a fault, when all numbers are exact integers', () => {
    const integers = fc.maxSafeInteger().map((value) => (Object.is(value, -0) ? 0 : value));
    const keys = fc
      .string()
      .filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        integers,
        fc.string(),
        fc.constantFrom(true, false, null),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.nat(4), (sample, indent) => {
        const text = JSON.stringify(sample, undefined, indent).replaceAll('\\u0000', 'x');
        const read = parse(text);
        expect(read.value).toEqual(JSON.parse(text));
        expect(read.faults.filter(({ code }) => code !== 'unsafe_text')).toEqual([]);
      }),
    );
  });

  it('refuses exactly the texts that JSON.parse refuses', () => {
    const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '"', '1', '-', '01', 'true', 'nul', ' '];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        let theirs = true;
        try {
          JSON.parse(text);
        } catch {
          theirs = false;
        }
        let ours = true;
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonSyntaxError);
          ours = false;
        }
        expect({ text, accepted: ours }).toEqual({ text, accepted: theirs });
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a doubled key', '{"a":1,"b":{"c":1,"c":2}}', ['/b/c duplicate_key']],
    ['a key doubled by an escape', '{"a":1,"\\u0061":2}', ['/a duplicate_key']],
    ['__proto__', '{"__proto__":{"admin":true}}', ['/__proto__ unsafe_key']],
    ['constructor', '[{"constructor":1}]', ['/0/constructor unsafe_key']],
    ['a fraction', '{"a":0.1}', ['/a not_an_integer']],
    ['a whole number with a fraction', '{"a":1.0}', ['/a not_an_integer']],
    ['an exponent', '{"a":1e3}', ['/a not_an_integer']],
    ['-0', '{"a":-0}', ['/a not_an_integer']],
    ['2^53', '{"a":9007199254740992}', ['/a number_too_large']],
    ['2^53 + 1', '{"a":9007199254740993}', ['/a number_too_large']],
    ['2^63', '{"a":9223372036854775808}', ['/a number_too_large']],
    ['1e400', '{"a":1e400}', ['/a not_an_integer']],
    ['10^400 in digits', `{"a":1${'0'.repeat(400)}}`, ['/a number_too_large']],
    ['NUL', '{"a":"x\\u0000y"}', ['/a unsafe_text']],
    ['a lone surrogate', '{"a":"\\ud800"}', ['/a unsafe_text']],
    [
      'several at once',
      '{"a":1.5,"b":[-0,"\\u0000"]}',
      ['/a not_an_integer', '/b/0 not_an_integer', '/b/1 unsafe_text'],
    ],
    ['a pointer that needs escaping', '{"a/b~c":1.5}', ['/a~1b~0c not_an_integer']],
  ])('lists %s', (_name, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it('keeps 2^53 - 1, pairs of surrogates and escapes', () => {
    const read = parse('{"a":9007199254740991,"b":"\\ud83d\\ude00\\n","c":"\u{20000}"}');
    expect(read).toEqual({
      value: { a: 9007199254740991, b: '\u{1f600}\n', c: '\u{20000}' },
      faults: [],
    });
  });

  it('never pollutes a prototype', () => {
    const { value } = parse('{"__proto__":{"admin":true},"x":{"constructor":{"prototype":1}}}');
    expect((value as Record<string, unknown>)['admin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['a byte order mark', '\ufeff{}'],
    ['text after the end', '{} {}'],
    ['a number with a leading zero', '[01]'],
    ['a plus sign', '[+1]'],
    ['hexadecimal', '[0x10]'],
    ['NaN', '[NaN]'],
    ['Infinity', '[-Infinity]'],
    ['full-width digits', '[１]'],
    ['a raw line feed in a string', '["a\nb"]'],
    ['a wrong escape', '["\\x41"]'],
    ['a trailing comma', '[1,]'],
    ['nesting above the limit', '['.repeat(depthAtMost + 1) + ']'.repeat(depthAtMost + 1)],
    ['nesting of 10,000', '['.repeat(10_000)],
  ])('refuses %s', (_name, text) => {
    expect(() => parse(text)).toThrow(JsonSyntaxError);
  });

  it('takes nesting up to the limit', () => {
    expect(parse('['.repeat(depthAtMost) + ']'.repeat(depthAtMost)).faults).toEqual([]);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(JsonSyntaxError);
    expect(() => parseStrictJson(Buffer.from('"a"', 'utf16le'))).toThrow(JsonSyntaxError);
  });
});

describe('the JSON writer', () => {
  it('writes bigint amounts as numbers and Dates as RFC 3339', () => {
    const at = new Date('2026-11-01T02:00:00Z');
    expect(encodeJson({ amount: 9007199254740991n, at, none: undefined })).toBe(
      '{"amount":9007199254740991,"at":"2026-11-01T02:00:00.000Z"}',
    );
  });

  it('throws instead of rounding an amount above 2^53 - 1', () => {
    expect(() => encodeJson({ amount: 9007199254740992n })).toThrow(RangeError);
    expect(() => encodeJson([-9007199254740992n])).toThrow(RangeError);
  });
});
