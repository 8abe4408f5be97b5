// The loop of a Lambda custom runtime with net/http: next, answer, response. The event is an HTTP API event, version 2.0.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"

	"peers/turn"
)

type event struct {
	RawPath         string            `json:"rawPath"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type result struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

func respond(agent *turn.Agent, octets []byte) ([]byte, error) {
	var asked event
	if err := json.Unmarshal(octets, &asked); err != nil {
		return nil, err
	}
	body := []byte(asked.Body)
	if asked.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(asked.Body)
		if err != nil {
			return nil, err
		}
		body = decoded
	}
	answer, err := agent.Respond(body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result{200, map[string]string{"content-type": "application/json; charset=utf-8"}, string(answer), false})
}

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	agent := turn.NewAgent()
	var client http.Client
	for {
		next, err := client.Get(base + "next")
		if err != nil {
			log.Fatal(err)
		}
		octets, err := io.ReadAll(next.Body)
		next.Body.Close()
		if err != nil {
			log.Fatal(err)
		}
		answer, err := respond(agent, octets)
		if err != nil {
			log.Fatal(err)
		}
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		sent, err := client.Post(base+id+"/response", "application/json", bytes.NewReader(answer))
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(io.Discard, sent.Body)
		sent.Body.Close()
	}
}
