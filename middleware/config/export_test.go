package config

const Decoder = decoder
