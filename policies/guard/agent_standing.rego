# METADATA
# scope: package
# title: The agent and those behind it are in good standing
# description: >-
#   A suspended or expired agent, an owner who has left, or a principal that is not one of this agent's stops everything.
#   That an agent with principals names one at all is intake's to check: here a claim can only add a denial.
# schemas:
#   - input: schema.input
# custom:
#   rule: SCOPE-003
#   severity: critical
#   controls: ["ASI03", "NHI1:2025", "CSF PR.AA-01", "800-53 AC-2", "800-53 AC-3"]
package sallyport.guard.agent_standing

active if input.subject.state == "active"

current if input.subject.expired == false

owned if input.subject.owner.active == true

finding contains denial("agent_suspended") if not active

finding contains denial("agent_expired") if not current

finding contains denial("owner_inactive") if not owned

finding contains denial("principal_not_registered") if {
	names_principal
	not registered
}

finding contains denial("principal_inactive") if {
	registered
	not standing
}

names_principal if "on_behalf_of" in object.keys(input.claims)

registered if {
	some principal in input.subject.principals
	input.claims.on_behalf_of in principal.identities
}

standing if {
	some principal in input.subject.principals
	input.claims.on_behalf_of in principal.identities
	principal.active == true
}

denial(code) := {
	"rule": "SCOPE-003",
	"effect": "deny",
	"code": code,
	"params": {"agent": object.get(input, ["subject", "id"], "")},
}
