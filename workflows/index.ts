export { distributor } from './distributor';
export { payout } from './payout';
export { release } from './release';
export { review } from './review';
export { settlement } from './settlement';
