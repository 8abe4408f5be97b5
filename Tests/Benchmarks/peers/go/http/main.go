// Serves turns over plain HTTP on 127.0.0.1:PORT, to be put behind nginx's proxy_pass.
package main

import (
	"log"
	"net/http"
	"os"

	"peers/turn"
)

func main() { log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), turn.NewAgent())) }
