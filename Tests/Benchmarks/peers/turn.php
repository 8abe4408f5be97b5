<?php
// One turn as a PHP programmer would write it: decode, ask the agent when there is one, encode. Everything unknown is passed through.

function ask(string $agent, string $contact, string $text): string
{
    $call = curl_init($agent);
    curl_setopt_array($call, [
        CURLOPT_POSTFIELDS => json_encode(['sender' => $contact, 'message' => $text]),
        CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 8,
    ]);
    $messages = json_decode(curl_exec($call), true, 64, JSON_THROW_ON_ERROR);
    return $messages[0]['text'];
}

$turn = json_decode(file_get_contents('php://input'), false, 64, JSON_THROW_ON_ERROR);
$agent = $_SERVER['AGENT_URL'] ?? '';
$contact = (string) $turn->executionInfo->contactId;
$text = $agent === '' ? 'You said: ' . $turn->userInput : ask($agent, $contact, $turn->userInput);

header('Content-Type: application/json; charset=utf-8');
echo json_encode([
    'branchName' => 'PromptAndCollectNextResponse',
    'nextPromptSequence' => ['prompts' => [['transcript' => $text, 'textToSpeech' => $text]]],
    'intentInfo' => ['intent' => 'OrderStatus', 'intentConfidence' => 1.0, 'lastUserUtterance' => $turn->userInput, 'slots' => new stdClass()],
    'customPayload' => $turn->customPayload,
    'botSessionState' => ['contact' => $contact, 'previous' => $turn->botSessionState],
], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
