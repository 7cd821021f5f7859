# METADATA
# scope: package
# title: What a person has just refused is not put before people again
# description: The same request of the same agent, whatever it says about it, is denied for a time after a person's no
# schemas:
#   - input: schema.input
# custom:
#   rule: RATE-002
#   severity: medium
#   controls: ["ASI09", "ASI10", "CSF PR.AA-05", "800-53 AC-3"]
#   confirmations: []
package sallyport.rules.rate.repeat

cool_down := object.get(data.config.rate.cool_downs, input.action.name, data.config.rate.cool_down_s)

free if cool_down == 0

free if input.context.refusal.refused == false

free if {
	is_number(input.context.refusal.seconds_ago)
	input.context.refusal.seconds_ago >= cool_down
}

since := seconds if {
	seconds := input.context.refusal.seconds_ago
	is_number(seconds)
} else := 0

finding contains {
	"rule": "RATE-002",
	"effect": "deny",
	"code": "refused_before",
	"params": {"ask_again_s": cool_down - since},
} if {
	not free
}
