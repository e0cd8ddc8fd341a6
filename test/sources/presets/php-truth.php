<?php
// Runs each program of a list (JSON on stdin) and tells what its variables and constants hold then; null for one that fails.
error_reporting(0);
ini_set('display_errors', '0');
function hf_told($value, $depth = 0) {
  // An array may hold itself, by a reference.
  if ($depth > 8) return ['deep'];
  if (!is_array($value)) return is_float($value) || is_object($value) ? ['other'] : $value;
  $pairs = [];
  foreach ($value as $key => $one) $pairs[] = [(string) $key, hf_told($one, $depth + 1)];
  return ['pairs' => $pairs];
}
$hf_answers = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $hf_index => $hf_code) {
  $hf_file = $argv[1] . "/program$hf_index.php";
  file_put_contents($hf_file, $hf_code);
  ob_start();
  try {
    include $hf_file;
    $hf_answer = ['variables' => [], 'constants' => []];
    foreach (['a', 'b', 'c'] as $hf_name) if (isset($$hf_name)) $hf_answer['variables'][$hf_name] = hf_told($$hf_name);
    foreach (['A', 'B'] as $hf_name) if (defined("{$hf_name}_$hf_index")) $hf_answer['constants'][$hf_name] = hf_told(constant("{$hf_name}_$hf_index"));
  } catch (\Throwable $hf_error) {
    $hf_answer = null;
  }
  ob_end_clean();
  $hf_answers[] = $hf_answer;
  unset($a, $b, $c);
}
echo json_encode($hf_answers, JSON_THROW_ON_ERROR);
