# METADATA
# scope: package
# title: Agent, resource and credential are of one environment
# description: A staging agent or a staging request never reaches for production, and the other way round
# schemas:
#   - input: schema.input
# custom:
#   rule: XENV-001
#   severity: critical
#   controls: ["ASI03", "NHI8:2025", "NHI9:2025", "800-53 AC-4"]
package sallyport.rules.environment.isolation

agent_fits if input.subject.environment == input.resource.environment

profile_fits if input.resource.environment in input.context.profile.environments

finding contains denial("agent_of_other_environment") if not agent_fits

finding contains denial("profile_of_other_environment") if not profile_fits

denial(code) := {
	"rule": "XENV-001",
	"effect": "deny",
	"code": code,
	"params": {
		"agent": object.get(input, ["subject", "environment"], ""),
		"resource": object.get(input, ["resource", "environment"], ""),
	},
}
