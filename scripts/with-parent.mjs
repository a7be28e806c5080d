// Loaded into a process that `npm start` started: when `npm start` is gone, even by kill -9, the
// process ends too instead of living on without anybody who knows of it.
const patienceMs = 8000;

process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), patienceMs).unref();
});
process.channel?.unref();
