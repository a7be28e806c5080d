// Health check of the worker container: it is healthy when it can reach what it works with. That
// its process lives is the container runtime's own check. Plain JavaScript without packages.
import { connect } from 'node:net';

const patienceMs = 3000;
const database = new URL(process.env.DATABASE_URL);
const [temporalHost, temporalPort] = (process.env.TEMPORAL_ADDRESS ?? '').split(':');

await Promise.all([
  reach(database.hostname, Number(database.port || 5432)),
  reach(temporalHost, Number(temporalPort)),
]).catch((error) => {
  console.error(error.message);
  process.exit(1);
});

function reach(host, port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: patienceMs });
    socket.once('connect', () => resolve(socket.destroy()));
    socket.once('error', reject);
    socket.once('timeout', () => reject(new Error(`${host}:${port} does not answer`)));
  });
}
