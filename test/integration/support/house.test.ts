import { type TestHouse, testHouse } from '../../support/app';

describe('a house for tests', () => {
  let house: TestHouse;
  beforeAll(async () => {
    house = await testHouse();
  }, 900_000);
  afterAll(() => house.close());

  it('answers with database and Temporal ready', async () => {
    const answer = await house.shop.get('/readyz');
    expect(answer.status).toBe(200);
  });

  it('knows its store by its key', async () => {
    expect((await house.shop.get('/v1/programs')).status).toBe(200);
    expect((await house.shop.as(undefined).get('/v1/programs')).status).toBe(401);
  });
});
