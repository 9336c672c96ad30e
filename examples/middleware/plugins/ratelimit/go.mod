module example.com/plugins/ratelimit

go 1.22
