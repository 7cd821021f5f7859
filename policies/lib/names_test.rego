package sallyport.lib.names_test

import data.sallyport.lib.names

test_exact_name if {
	names.listed(["data.share"], "data.share")
	not names.listed(["data.share"], "data.share.all")
}

test_family_ends_at_the_dot if {
	names.listed(["x", "db.*"], "db.schema.migrate")
	not names.listed(["db.*"], "dbx.schema")
	not names.listed(["db.*"], "db")
}

test_anything_else_is_not_listed if {
	not names.listed(["db.*"], 7)
	not names.listed("db.*", "db.schema")
}
