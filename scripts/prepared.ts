/** Does nothing: `node scripts/run.mjs scripts/prepared.ts` installs and generates what is missing. */
console.log('prepared');

export {};
