package sallyport.lib.patterns_test

import data.sallyport.lib.patterns

test_plain_id_covers_itself_only if {
	patterns.covers("prod/orders", "prod/orders")
	not patterns.covers("prod/orders", "prod/orders2")
	not patterns.covers("prod", "prod/orders")
}

test_one_star_is_one_segment if {
	patterns.covers("prod/*", "prod/orders")
	patterns.covers("*/orders", "prod/orders")
	not patterns.covers("prod/*", "prod/orders/eu")
	not patterns.covers("prod/*", "prod")
}

test_two_stars_are_the_rest_but_not_nothing if {
	patterns.covers("prod/**", "prod/orders/eu")
	patterns.covers("prod/*/**", "prod/orders/eu")
	patterns.covers("**", "prod")
	not patterns.covers("prod/**", "prod")
	not patterns.covers("prod/**", "staging/orders")
	not patterns.covers("prod/x**", "prod/xa")
}

test_two_stars_in_the_middle_are_nothing if {
	not patterns.covers("**/orders", "prod/orders")
	not patterns.covers("prod/**/**", "prod/a/b")
}

test_star_inside_a_segment_is_a_letter if not patterns.covers("prod-*", "prod-orders")

test_something_else_than_a_list_covers_nothing if {
	not patterns.covers_any("prod/*", "prod/orders")
	patterns.covers_any(["x", "prod/*"], "prod/orders")
}
