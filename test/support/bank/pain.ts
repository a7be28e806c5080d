/** One element of an XML text: its name, attributes, and what is in it. */
export interface Element {
  name: string;
  attributes: string;
  children: Element[];
  text: string;
}

/** Reads well-formed XML without namespaces, comments and CDATA: what our file is made of. */
export function readXml(xml: string): Element {
  const root: Element = { name: '', attributes: '', children: [], text: '' };
  const path = [root];
  for (const [, close, name = '', attributes = '', text = ''] of xml
    .replace(/^<\?xml[^>]*\?>\s*/, '')
    .matchAll(/<(\/?)([A-Za-z0-9]+)([^>]*)>([^<]*)/g)) {
    if (close === '/') {
      if (path.at(-1)?.name !== name) throw new Error(`</${name}> closes ${path.at(-1)?.name}`);
      path.pop();
      continue;
    }
    const element = { name, attributes: attributes.trim(), children: [], text };
    path.at(-1)?.children.push(element);
    path.push(element);
  }
  if (path.length !== 1 || root.children[0] === undefined) throw new Error('it is not closed');
  return root.children[0];
}

type Check = (text: string) => boolean;
interface Part {
  name: string;
  /** `?`: may be missing; `+`: once or more; `*`: any number; default: once */
  times?: '?' | '+' | '*';
  in: Check | readonly Part[];
}

const upTo = (most: number) => (text: string) => text.length >= 1 && text.length <= most;
const date: Check = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text);
const decimal: Check = (text) => /^\d{1,18}(\.\d{1,17})?$/.test(text);
const count: Check = (text) => /^\d{1,15}$/.test(text);
const never: Check = () => false;

const part = (name: string, inside: Part['in'], times?: Part['times']): Part =>
  times === undefined ? { name, in: inside } : { name, in: inside, times };
/** Elements that the message allows and our file does not have. */
const others = (...names: string[]) => names.map((name) => part(name, never, '?'));

const party = [part('Nm', upTo(140), '?'), ...others('PstlAdr', 'Id', 'CtryOfRes', 'CtctDtls')];
const account = [
  part('Id', [
    part('IBAN', (text) => /^[A-Z]{2}\d{2}[a-zA-Z0-9]{1,30}$/.test(text), '?'),
    part('Othr', [part('Id', upTo(34)), ...others('SchmeNm', 'Issr')], '?'),
  ]),
  ...others('Tp', 'Ccy', 'Nm', 'Prxy'),
];
const agent = [
  part('FinInstnId', [
    part('BICFI', (text) => /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/.test(text), '?'),
    part(
      'ClrSysMmbId',
      [
        part('ClrSysId', [part('Cd', upTo(5), '?'), ...others('Prtry')], '?'),
        part('MmbId', upTo(35)),
      ],
      '?',
    ),
    ...others('LEI', 'Nm', 'PstlAdr', 'Othr'),
  ]),
  ...others('BrnchId'),
];
const transfer = [
  part('PmtId', [part('InstrId', upTo(35), '?'), part('EndToEndId', upTo(35)), ...others('UETR')]),
  ...others('PmtTpInf'),
  part('Amt', [part('InstdAmt', (text) => /^\d{1,13}\.\d{2}$/.test(text))]),
  ...others('XchgRateInf', 'ChrgBr', 'MndtRltdInf', 'ChqInstr', 'UltmtDbtr', 'IntrmyAgt1'),
  ...others('IntrmyAgt1Acct', 'IntrmyAgt2', 'IntrmyAgt2Acct', 'IntrmyAgt3', 'IntrmyAgt3Acct'),
  ...others('CdtrAgt', 'CdtrAgtAcct'),
  part('Cdtr', party),
  part('CdtrAcct', account),
  ...others('UltmtCdtr', 'InstrForCdtrAgt', 'InstrForDbtrAgt', 'Purp', 'RgltryRptg', 'Tax'),
  ...others('RltdRmtInf'),
  part('RmtInf', [part('Ustrd', upTo(140), '*'), ...others('Strd')]),
  ...others('SplmtryData'),
];

/** The message as ISO 20022 publishes it (pain.001.001.09): names, order, multiplicity, lengths. */
const structure = [
  part('CstmrCdtTrfInitn', [
    part('GrpHdr', [
      part('MsgId', upTo(35)),
      part('CreDtTm', (text) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(text)),
      ...others('Authstn'),
      part('NbOfTxs', count),
      part('CtrlSum', decimal, '?'),
      part('InitgPty', party),
      ...others('FwdgAgt', 'InitnSrc'),
    ]),
    part(
      'PmtInf',
      [
        part('PmtInfId', upTo(35)),
        part('PmtMtd', (text) => ['CHK', 'TRF', 'TRA'].includes(text)),
        ...others('ReqdAdvcTp', 'BtchBookg'),
        part('NbOfTxs', count, '?'),
        part('CtrlSum', decimal, '?'),
        ...others('PmtTpInf'),
        part('ReqdExctnDt', [part('Dt', date, '?'), ...others('DtTm')]),
        ...others('PoolgAdjstmntDt'),
        part('Dbtr', party),
        part('DbtrAcct', account),
        part('DbtrAgt', agent),
        ...others('DbtrAgtAcct', 'InstrForDbtrAgt', 'UltmtDbtr', 'ChrgBr', 'ChrgsAcct'),
        ...others('ChrgsAcctAgt'),
        part('CdtTrfTxInf', transfer, '+'),
      ],
      '+',
    ),
    ...others('SplmtryData'),
  ]),
];

/** Everything in which a file differs from the published structure, with its place. */
export function faultsOf(xml: string): string[] {
  const document = readXml(xml);
  const right = 'xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"';
  const named = document.name === 'Document' && document.attributes === right;
  return [...(named ? [] : ['/Document']), ...faultsIn(document, structure, '/Document')];
}

function faultsIn(element: Element, parts: readonly Part[], path: string): string[] {
  const faults: string[] = [];
  let at = 0;
  for (const { name, times, in: inside } of parts) {
    let found = 0;
    for (; element.children[at]?.name === name; at += 1, found += 1) {
      const child = element.children[at];
      if (child !== undefined) faults.push(...faultsInside(child, inside, `${path}/${name}`));
    }
    const least = times === '?' || times === '*' ? 0 : 1;
    const most = times === '+' || times === '*' ? Infinity : 1;
    if (found < least || found > most) faults.push(`${path}/${name} is there ${found} times`);
  }
  const stray = element.children[at];
  return stray === undefined ? faults : [...faults, `${path}/${stray.name} is out of place`];
}

function faultsInside(child: Element, inside: Part['in'], path: string): string[] {
  if (typeof inside !== 'function') return faultsIn(child, inside, path);
  const text = child.text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  return child.children.length === 0 && inside(text) ? [] : [`${path}: ${child.text}`];
}
