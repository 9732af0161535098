	 data = [{"t":100,"command":"create goroutine","name":"main"},
	{"t":120,"command":"create goroutine","name":"oven #7","parent":"main"},
	{"t":150,"command":"send to channel","from":"oven #7","to":"main","ch":"warm","value":5,"duration":30},
	{"t":200,"command":"stop goroutine","name":"oven #7"},
	{"t":240,"command":"stop goroutine","name":"main"}]
