package container

func adjectives() []string {
	return []string{
		"able", "amber", "apt", "bold", "brave", "brief", "bright", "brisk", "calm", "candid", "civil", "clear", "clever",
		"cosy", "crisp", "deft", "dry", "eager", "early", "easy", "even", "fair", "fast", "fine", "firm", "fond", "frank",
		"fresh", "gentle", "glad", "grand", "green", "hale", "happy", "hardy", "honest", "humble", "idle", "jolly", "keen",
		"kind", "late", "light", "lively", "loyal", "lucid", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble",
		"open", "patient", "plain", "polite", "proud", "quick", "quiet", "rapid", "ready", "serene", "sharp", "silent",
		"sober", "solid", "sound", "steady", "still", "sunny", "swift", "tidy", "trusty", "upright", "vivid", "warm", "wise",
		"witty", "young", "zesty",
	}
}

func trees() []string {
	return []string{
		"acacia", "alder", "almond", "apple", "ash", "aspen", "bamboo", "banyan", "baobab", "beech", "birch", "box", "cacao",
		"cedar", "cherry", "chestnut", "citron", "cypress", "date", "dogwood", "ebony", "elder", "elm", "fern", "fig", "fir",
		"ginkgo", "hawthorn", "hazel", "hemlock", "hickory", "holly", "hornbeam", "ivy", "jasmine", "juniper", "kapok",
		"larch", "laurel", "lemon", "lilac", "lime", "linden", "magnolia", "mango", "maple", "medlar", "mimosa", "mulberry",
		"myrtle", "nutmeg", "oak", "olive", "orange", "palm", "pear", "pecan", "pine", "plane", "plum", "poplar", "quince",
		"redwood", "rowan", "sequoia", "spruce", "sumac", "sycamore", "tamarind", "teak", "walnut", "willow", "yew",
	}
}
