// An independent evaluator of IAM policies, asked the same questions: JSON lines of `why403 simulate` in, one word a line out.
//
// Usage: node peer.mjs MODULE-FOLDER < lines > decisions. The evaluator, @cloud-copilot/iam-simulate, is installed by
// `make differential` beside this project and is no part of it; this uses its documented interface alone.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'

const require = createRequire(resolve(process.argv[2], 'package.json'))
const { runSimulation, anonymousPrincipal } = require('@cloud-copilot/iam-simulate')

const policies = (list) => (list ?? []).map(({ name, document }) => ({ name, policy: document }))
// They add the resource control policy that is attached everywhere by themselves.
const levels = (list) =>
  (list ?? []).map(({ level, policies: own }) => ({
    orgIdentifier: level,
    policies: policies(own.filter(({ name }) => name !== 'RCPFullAWSAccess')),
  }))
const WORDS = { Allowed: 'allowed', ExplicitlyDenied: 'explicitly-denied', ImplicitlyDenied: 'implicitly-denied' }

async function decide({ request, policies: own, block_public_access: blocked }) {
  const simulation = {
    request: {
      principal: request.principal === 'anonymous' ? anonymousPrincipal : request.principal,
      action: request.action,
      resource: { resource: request.resource, accountId: request.resource_account },
      contextVariables: request.context ?? {},
    },
    identityPolicies: policies(own.identity),
    serviceControlPolicies: levels(own.service_control),
    resourceControlPolicies: levels(own.resource_control),
    resourcePolicy: own.resource?.document,
    permissionBoundaryPolicies: own.permissions_boundary && policies(own.permissions_boundary),
    vpcEndpointPolicies: own.vpc_endpoint && policies(own.vpc_endpoint),
    sessionPolicy: own.session?.[0]?.document,
    additionalSettings: { s3: { blockPublicAccess: blocked ?? false } },
  }
  const { resultType, overallResult, errors } = await runSimulation(simulation, { simulationMode: 'Strict' })
  return resultType === 'single' ? WORDS[overallResult] : `error: ${JSON.stringify(errors ?? resultType)}`
}

let out = []
for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    answer = await decide(JSON.parse(line))
  } catch (error) {
    answer = `error: ${String(error.message).split('\n')[0]}`
  }
  out.push(answer)
  if (out.length === 1000) {
    process.stdout.write(out.join('\n') + '\n')
    out = []
  }
}
if (out.length > 0) process.stdout.write(out.join('\n') + '\n')
