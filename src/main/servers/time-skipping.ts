import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords, type Say, untilEnded } from './process';
import { isProgram, isReachable, onPath, programCache } from './program-cache';

const serverVersion = '1.35.0';
const mainClass = 'io.temporal.testserver.TestServer';
const downloadHost = 'https://temporal.download';

/** As `TestWorkflowEnvironment.createTimeSkipping` wants it. */
export type TimeSkippingExecutable =
  { type: 'existing-path'; path: string } | { type: 'cached-download'; downloadDir: string };

/**
 * Temporal's test server, which jumps over waits, the first that works: TEMPORAL_TEST_SERVER_PATH, one
 * that was got earlier, the SDK's download, Java with the jars from Maven.
 * @throws Error that lists what can be done
 */
export async function timeSkippingServer(
  env: NodeJS.ProcessEnv,
  say: Say,
): Promise<TimeSkippingExecutable> {
  const given = env['TEMPORAL_TEST_SERVER_PATH'];
  if (given !== undefined && given !== '') {
    if (isProgram(given)) return { type: 'existing-path', path: given };
    throw new Error(`TEMPORAL_TEST_SERVER_PATH names ${given}, which is not a program`);
  }
  const cache = programCache(env);
  const wrapper = join(cache, `temporal-test-server-${serverVersion}.sh`);
  if (isProgram(wrapper)) return { type: 'existing-path', path: wrapper };
  if (await isReachable(downloadHost)) return { type: 'cached-download', downloadDir: cache };
  const java = onPath('java', env);
  const maven = onPath('mvn', env);
  if (java === undefined || maven === undefined) giveUp();
  await fetchJars(maven, join(cache, `temporal-test-server-${serverVersion}`), env, say);
  writeWrapper(wrapper, java, join(cache, `temporal-test-server-${serverVersion}`));
  return { type: 'existing-path', path: wrapper };
}

function giveUp(): never {
  throw new Error(
    `Temporal's test server was not found: ${downloadHost} cannot be reached, and there is no Java ` +
      'with Maven to run it. Set TEMPORAL_TEST_SERVER_PATH to the program temporal-test-server.',
  );
}

async function fetchJars(
  maven: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  say: Say,
): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.jar'))) return;
  say("fetching Temporal's test server with Maven, once (about a minute)");
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, 'pom.xml'), pom);
  const args = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=.'];
  const child = spawn(maven, args, { cwd: unfinished, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const words = lastWords(child);
  await untilEnded(child);
  if (child.exitCode !== 0) throw new Error(`Maven could not fetch the test server: ${words()}`);
  renameSync(unfinished, folder);
}

function writeWrapper(path: string, java: string, folder: string): void {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(
    unfinished,
    `#!/bin/sh\nexec '${java}' -XX:TieredStopAtLevel=1 -Xmx256m -cp '${folder}/*' ${mainClass} "$@"\n`,
  );
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, path);
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tributary</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${serverVersion}</version>
    </dependency>
  </dependencies>
</project>
`;
