module example.com/plugins/headers

go 1.22
