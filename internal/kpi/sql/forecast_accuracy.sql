-- What was won in a month ÷ what the forecast said on its first day: amount × probability of the deals then expected to
-- close in it, each value as it was known then: changes of earlier months are known, those of the month itself are not.
WITH {{template "people"}},
month AS ({{months 0}}),
day AS (
  SELECT month.first_day + number.month AS day, month.month AS month
  FROM month JOIN ({{numbers "0" "30"}}) AS number ON month.first_day + number.month < month.next_day
),
version AS (
  SELECT opportunity, field, {{number "new_value"}} AS value, {{number "old_value"}} AS value_before, changed_month AS since,
    COALESCE(LEAD(changed_month) OVER (PARTITION BY opportunity, field ORDER BY changed_at, seq, ext_id), 999999) AS until,
    ROW_NUMBER() OVER (PARTITION BY opportunity, field ORDER BY changed_at, seq, ext_id) AS place
  FROM crm_opportunity_change
  WHERE source = {{source}} AND field IN ('expected_close', 'amount', 'probability') AND deleted_at IS NULL
),
span AS (
  SELECT opportunity, field, value, since, until FROM version WHERE since < until
  UNION ALL SELECT opportunity, field, value_before, 0, since FROM version WHERE place = 1
),
deal AS (
  SELECT ext_id, owner, category, opened_month, closed_month, amount, probability, expected_close_day,
    {{template "home"}} AS home
  FROM crm_opportunity WHERE source = {{source}} AND deleted_at IS NULL AND merged_into IS NULL
),
expected AS (
  SELECT opportunity, value AS day, since, until FROM span WHERE field = 'expected_close'
  UNION ALL
  SELECT ext_id, expected_close_day, 0, 999999 FROM deal
  WHERE expected_close_day IS NOT NULL AND ext_id NOT IN (SELECT opportunity FROM span WHERE field = 'expected_close')
),
due AS (
  SELECT day.month AS month, d.ext_id AS id, d.owner AS owner, d.home AS home, d.amount AS amount, d.probability AS probability
  FROM expected e
  JOIN day ON day.day = e.day AND e.since < day.month AND day.month <= e.until
  JOIN deal d ON d.ext_id = e.opportunity
  WHERE d.opened_month < day.month AND (d.category = 'open' OR d.closed_month >= day.month)
),
forecast AS (
  SELECT due.month AS month, due.owner AS owner,
    CASE WHEN a.opportunity IS NULL OR due.home IS NULL THEN due.home WHEN due.home = due.amount THEN a.value WHEN due.amount <> 0 THEN 1.0 * a.value * due.home / due.amount END AS amount,
    CASE WHEN p.opportunity IS NULL THEN due.probability ELSE p.value END AS probability
  FROM due
  LEFT JOIN span a ON a.opportunity = due.id AND a.field = 'amount' AND a.since < due.month AND due.month <= a.until
  LEFT JOIN span p ON p.opportunity = due.id AND p.field = 'probability' AND p.since < due.month AND due.month <= p.until
),
part AS (
  SELECT month, owner, 0.0 AS won, SUM(1.0 * amount * probability) AS forecast, COUNT(*) AS n
  FROM forecast WHERE amount IS NOT NULL AND probability IS NOT NULL GROUP BY month, owner
  UNION ALL
  SELECT closed_month, owner, SUM(1.0 * home), 0.0, 0
  FROM deal WHERE category = 'won' AND closed_month BETWEEN {{first}} AND {{last}} AND home IS NOT NULL GROUP BY closed_month, owner
),
counted AS (
  SELECT f.month AS month, m.team AS team, SUM(f.won) AS won, SUM(f.forecast) AS forecast, SUM(f.n) AS n
  FROM part f LEFT JOIN member m ON m.id = f.owner GROUP BY f.month, m.team
)
SELECT month, team, won AS numerator, forecast AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(won), SUM(forecast), SUM(n) FROM counted GROUP BY month
