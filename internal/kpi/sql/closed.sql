-- crm_opportunity_closed counts crm_opportunity by month of closing and owner, without open, deleted and merged ones. Amounts
-- are in the home currency; a deal in another one without a converted amount is left out of every amount.
WITH {{template "people"}},
counted AS (
  SELECT o.month AS month, m.team AS team, SUM(o.records) AS closed, SUM(o.won) AS won, SUM(o.lost) AS lost, SUM(o.void) AS void,
    SUM(o.with_reason) AS with_reason, SUM(o.priced) AS priced, SUM(o.won_priced) AS won_priced, SUM(o.won_value) AS won_value, SUM(o.lost_value) AS lost_value
  FROM crm_opportunity_closed o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = {{source}} AND o.month BETWEEN {{first}} AND {{last}}
  GROUP BY o.month, m.team
),
per AS (
  SELECT month, team, closed, won, lost, void, with_reason, priced, won_priced, won_value, lost_value FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(closed), SUM(won), SUM(lost), SUM(void), SUM(with_reason), SUM(priced), SUM(won_priced), SUM(won_value), SUM(lost_value)
  FROM counted GROUP BY month
)
SELECT month, team, won AS numerator, 1 AS denominator, won AS n, 'won' AS figure FROM per
UNION ALL SELECT month, team, won, won + lost, won + lost, 'win_rate' FROM per
UNION ALL SELECT month, team, won_value, won_value + lost_value, priced, 'win_rate_value' FROM per
UNION ALL SELECT month, team, won_value, 1, won_priced, 'won_value' FROM per
UNION ALL SELECT month, team, won_value, won_priced, won_priced, 'deal_value' FROM per
UNION ALL SELECT month, team, void, closed, closed, 'cancelled' FROM per
UNION ALL SELECT month, team, priced, won + lost, won + lost, 'amount_comparable' FROM per
UNION ALL SELECT month, team, with_reason, lost, lost, 'complete_lost_reason' FROM per
