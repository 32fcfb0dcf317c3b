import { scenario } from './cross-subnet.scenario.ts';
import { testScenario } from './in-uml.ts';

testScenario('nodes in two subnets', 'cross-subnet.scenario.ts', scenario);
