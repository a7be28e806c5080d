import { z } from 'zod';
import { bps, code, idOf, moment } from './common';

const agentsAtMost = 1000;

const region = code.meta({ description: 'As orders name it', examples: ['CN-33'] });

export const RegionAgentsBody = z
  .strictObject({
    agents: z
      .array(z.strictObject({ region, distributorId: idOf('distributor'), bps }))
      .max(agentsAtMost)
      .superRefine((agents, context) => {
        const seen = new Set<string>();
        agents.forEach((agent, index) => {
          if (seen.has(agent.region)) {
            context.addIssue({
              code: 'custom',
              path: [index, 'region'],
              message: 'another agent has this region',
              params: { code: 'duplicate' },
            });
          }
          seen.add(agent.region);
        });
      }),
  })
  .meta({ id: 'NewRegionAgents' });

export const regionAgentQuery = z.strictObject({
  at: moment.optional().meta({ description: 'Default: the list that was given last' }),
});

export const RegionAgentsView = z
  .strictObject({
    agents: z.array(
      z.strictObject({
        region: z.string(),
        distributorId: z.string(),
        bps,
        validFrom: z.date(),
        validTo: z.date().nullable().meta({ description: 'null: until further notice' }),
      }),
    ),
  })
  .meta({ id: 'RegionAgents' });
