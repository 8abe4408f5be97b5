// Package turn does what every Go peer does with one turn: read it typed, ask the agent when there is one, write the answer. What a
// tunnel only carries stays a RawMessage.
package turn

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

type request struct {
	VirtualAgentID string          `json:"virtualAgentId"`
	BotConfig      json.RawMessage `json:"botConfig"`
	UserInput      string          `json:"userInput"`
	UserInputType  json.RawMessage `json:"userInputType"`
	ExecutionInfo  struct {
		ContactID  json.Number `json:"contactId"`
		BusNo      int64       `json:"busNo"`
		RequestID  int64       `json:"requestId"`
		ActionType string      `json:"actionType"`
		ActionID   int64       `json:"actionId"`
		ScriptName string      `json:"scriptName"`
	} `json:"executionInfo"`
	SystemTelemetryData json.RawMessage `json:"systemTelemetryData"`
	Audio               []byte          `json:"base64wavFile"`
	BotSessionState     json.RawMessage `json:"botSessionState"`
	CustomPayload       json.RawMessage `json:"customPayload"`
	MediaType           string          `json:"mediaType"`
}

type prompt struct {
	Transcript   string `json:"transcript"`
	TextToSpeech string `json:"textToSpeech"`
}

type prompts struct {
	Prompts []prompt `json:"prompts"`
}

type intent struct {
	Intent            string   `json:"intent"`
	IntentConfidence  float64  `json:"intentConfidence"`
	LastUserUtterance string   `json:"lastUserUtterance"`
	Slots             struct{} `json:"slots"`
}

type state struct {
	Contact  json.Number     `json:"contact"`
	Previous json.RawMessage `json:"previous"`
}

type answer struct {
	BranchName         string          `json:"branchName"`
	NextPromptSequence prompts         `json:"nextPromptSequence"`
	IntentInfo         intent          `json:"intentInfo"`
	CustomPayload      json.RawMessage `json:"customPayload"`
	BotSessionState    state           `json:"botSessionState"`
}

// Agent is asked over HTTP; an empty URL means that the turn is answered here.
type Agent struct {
	url    string
	client http.Client
}

// NewAgent reads AGENT_URL. Connections are kept, as many as turns may be in flight.
func NewAgent() *Agent {
	return &Agent{url: os.Getenv("AGENT_URL"), client: http.Client{
		Timeout:   8 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 8192, MaxIdleConnsPerHost: 8192},
	}}
}

func (a *Agent) ask(contact, text string) (string, error) {
	question, err := json.Marshal(struct {
		Sender  string `json:"sender"`
		Message string `json:"message"`
	}{contact, text})
	if err != nil {
		return "", err
	}
	response, err := a.client.Post(a.url, "application/json", bytes.NewReader(question))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	var messages []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(body, &messages); err != nil {
		return "", err
	}
	if response.StatusCode != 200 || len(messages) == 0 {
		return "", errors.New("the agent gave no answer")
	}
	return messages[0].Text, nil
}

// Respond answers the turn in body.
func (a *Agent) Respond(body []byte) ([]byte, error) {
	var turn request
	if err := json.Unmarshal(body, &turn); err != nil {
		return nil, err
	}
	text := "You said: " + turn.UserInput
	if a.url != "" {
		var err error
		if text, err = a.ask(turn.ExecutionInfo.ContactID.String(), turn.UserInput); err != nil {
			return nil, err
		}
	}
	return json.Marshal(answer{
		BranchName:         "PromptAndCollectNextResponse",
		NextPromptSequence: prompts{[]prompt{{text, text}}},
		IntentInfo:         intent{Intent: "OrderStatus", IntentConfidence: 1, LastUserUtterance: turn.UserInput},
		CustomPayload:      turn.CustomPayload,
		BotSessionState:    state{turn.ExecutionInfo.ContactID, turn.BotSessionState},
	})
}

// ServeHTTP makes an Agent the handler of net/http, its fcgi and its cgi.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body, err = a.Respond(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Write(body)
}
