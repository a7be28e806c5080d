import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { bornExpress } from '../../../src/http/born-express';

describe('requests and responses of the server', () => {
  test('are those of the application before it sees them, and keep their prototypes', async () => {
    const app = express();
    app.get('/hello', (request, response) => {
      response.json({
        query: request.query,
        app: request.app === app,
        ...shapes(request, response),
      });
    });
    const shapes = (request: IncomingMessage, response: ServerResponse) => ({
      request: Object.getPrototypeOf(request) === app.request,
      response: Object.getPrototypeOf(response) === app.response,
    });
    const born: object[] = [];
    const server = createServer(bornExpress(app), (request, response) => {
      born.push(shapes(request, response));
      app(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/hello?name=ada`);
    const own = { request: true, response: true };
    expect(await answer.json()).toEqual({ query: { name: 'ada' }, app: true, ...own });
    expect(born).toEqual([own]);
    await new Promise((resolve) => server.close(resolve));
  });
});
